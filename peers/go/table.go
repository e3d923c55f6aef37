package main

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
)

// A work does n operations and says how long that took.
type work func(n int) time.Duration

// timed makes a work of what does n operations.
func timed(do func(n int)) work {
	return func(n int) time.Duration {
		start := time.Now()
		do(n)
		return time.Since(start)
	}
}

// A candidate is one row of a table.
type candidate struct {
	name string
	kind string
	work work
	// created counts the objects that the pool had to make, if it can tell.
	created func() uint64
}

// A table holds candidates that do the same work.
type table struct {
	id, title string
	round     time.Duration
	rounds    int
	// unit is how many operations one call for n=1 does.
	unit int
	// threads do n operations each; the time is of one of them, the counts are of all.
	threads int
	rows    []candidate
}

// A figure is what was measured of one row. NaN stands for what was not.
type figure struct {
	best, median       float64
	allocations, bytes float64
	created            float64
}

// measure lets all rows take turns, in short rounds, so that whatever slows the machine
// down slows all of them.
func (t *table) measure() []figure {
	n := calibrate(t.rows[0].work, t.round)
	times := make([][]float64, len(t.rows))
	operations := float64(n * t.unit)
	for _, row := range t.rows {
		row.work(n)
	}
	for round := range t.rounds {
		for i := range t.rows {
			// Another one goes first each time.
			at := (i + round) % len(t.rows)
			took := t.rows[at].work(n)
			times[at] = append(times[at], float64(took.Nanoseconds())/operations)
		}
	}
	figures := make([]figure, len(t.rows))
	for i, row := range t.rows {
		slices.Sort(times[i])
		figures[i] = figure{best: times[i][0], median: times[i][len(times[i])/2], created: math.NaN()}
		figures[i].count(row, n, operations*float64(t.threads))
	}
	return figures
}

// count takes the allocations in rounds of their own, which are not timed. The fewest of
// three: the runtime's own allocate now and then, too.
func (f *figure) count(row candidate, n int, operations float64) {
	f.allocations, f.bytes = math.Inf(1), math.Inf(1)
	for range 3 {
		var before, after runtime.MemStats
		var made uint64
		if row.created != nil {
			made = row.created()
		}
		runtime.ReadMemStats(&before)
		row.work(n)
		runtime.ReadMemStats(&after)
		if allocations := float64(after.Mallocs-before.Mallocs) / operations; allocations < f.allocations {
			f.allocations = allocations
			f.bytes = float64(after.TotalAlloc-before.TotalAlloc) / operations
		}
		if row.created != nil {
			f.created = float64(row.created()-made) / operations
		}
	}
}

// calibrate says how many operations fill a round, going by the best of three.
func calibrate(do work, round time.Duration) int {
	for n := 1; ; n *= 2 {
		took := slices.MinFunc([]time.Duration{do(n), do(n), do(n)}, cmp.Compare[time.Duration])
		if took >= round/4 {
			return max(1, int(float64(n)*float64(round)/float64(max(took, 1))))
		}
	}
}

func (t *table) print(figures []figure) {
	fmt.Printf("\n%s\n%-44s %9s %9s %7s %12s %10s\n", t.title, "", "ns best", "median", "ratio", "allocations", "bytes")
	for i, row := range t.rows {
		f := figures[i]
		fmt.Printf("%-44s %9.1f %9.1f %7.2f %12s %10s", row.name, f.best, f.median,
			f.best/figures[0].best, few(f.allocations), few(f.bytes))
		if !math.IsNaN(f.created) {
			fmt.Printf("  created %s", few(f.created))
		}
		fmt.Println()
	}
}

// few prints a count; only what is exactly none is 0.
func few(count float64) string {
	switch {
	case count == 0:
		return "0"
	case count < 0.005:
		return "<0.01"
	case count >= 1000:
		return fmt.Sprintf("%.0f", count)
	}
	return fmt.Sprintf("%.2f", count)
}
