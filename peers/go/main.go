// Command go measures sync.Pool on the work that millpond is measured on. It prints
// tables, and writes go.jsonl into the directory that MILLPOND_RESULTS names.
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run() error {
	path := os.Getenv("MILLPOND_CORPUS")
	if path == "" {
		path = "../../corpus/requests.jsonl"
	}
	corpus, err := readCorpus(path)
	if err != nil {
		return fmt.Errorf("MILLPOND_CORPUS must name a corpus: %w", err)
	}
	tables := append([]*table{
		cycle(),
		insert(),
		headerTable("requests", "headers of a request into a map", corpus, fillCopied),
		headerTable("requests-shared", "headers of a request into a map, strings shared with the input", corpus, fill),
	}, suite()...)
	fmt.Printf("%s, %d cores, %d requests from %s\n", runtime.Version(), cores(), len(corpus), path)
	var lines strings.Builder
	for _, table := range tables {
		if !wanted(table.title) {
			continue
		}
		if os.Getenv("MILLPOND_ONCE") != "" {
			table.round, table.rounds = 0, 1
		}
		figures := table.measure()
		table.print(figures)
		table.write(&lines, figures)
	}
	if directory := os.Getenv("MILLPOND_RESULTS"); directory != "" {
		if err := os.MkdirAll(directory, 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(directory, "go.jsonl"), []byte(lines.String()), 0o644)
	}
	return nil
}

// wanted tables have one of the words of the command line in their title.
func wanted(title string) bool {
	for _, word := range os.Args[1:] {
		if strings.Contains(title, word) {
			return true
		}
	}
	return len(os.Args) == 1
}

// A line is one row of the results; null for what was not measured.
type line struct {
	Bench       string   `json:"bench"`
	Allocator   string   `json:"allocator"`
	Table       string   `json:"table"`
	Title       string   `json:"title"`
	Row         string   `json:"row"`
	Kind        string   `json:"kind"`
	Limit       bool     `json:"limit"`
	Baseline    *string  `json:"baseline"`
	Best        *float64 `json:"ns_best"`
	Median      *float64 `json:"ns_median"`
	RatioBest   *float64 `json:"ratio_best"`
	RatioMedian *float64 `json:"ratio_median"`
	Allocations *float64 `json:"allocations"`
	Bytes       *float64 `json:"bytes"`
	Created     *float64 `json:"created"`
	Version     string   `json:"version"`
}

func (t *table) write(to *strings.Builder, figures []figure) {
	for i, row := range t.rows {
		f := figures[i]
		line := line{
			Bench: "go", Allocator: "go", Table: t.id, Title: t.title, Row: row.name, Kind: row.kind,
			Limit: row.kind == "limit", Best: measured(f.best), Median: measured(f.median),
			Allocations: measured(f.allocations), Bytes: measured(f.bytes), Created: measured(f.created),
			Version: runtime.Version(),
		}
		if i > 0 {
			line.Baseline = &t.rows[0].name
			line.RatioBest = measured(f.best / figures[0].best)
			line.RatioMedian = measured(f.median / figures[0].median)
		}
		text, err := json.Marshal(line)
		if err != nil {
			panic(err) // only numbers that are none, and those are left out
		}
		fmt.Fprintf(to, "%s\n", text)
	}
}

func measured(value float64) *float64 {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return nil
	}
	return &value
}
