package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// A request is its headers, each a name and a value.
type request [][2]string

type headers = map[string][]string

func readCorpus(path string) ([]request, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var requests []request
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var one request
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, len(requests)+1, err)
		}
		requests = append(requests, one)
	}
	if len(requests) == 0 && lines.Err() == nil {
		return nil, fmt.Errorf("%s: no requests", path)
	}
	return requests, lines.Err()
}

// fill leaves names and values where they are: Go's strings are shared, where Rust's are
// copied. What is left to allocate is one list for each name.
func fill(into headers, from request) {
	for _, header := range from {
		into[header[0]] = append(into[header[0]], header[1])
	}
}

// fillCopied copies them, as a parser does whose input buffer is used again.
func fillCopied(into headers, from request) {
	for _, header := range from {
		name, value := string([]byte(header[0])), string([]byte(header[1]))
		into[name] = append(into[name], value)
	}
}

func headerTable(id, title string, corpus []request, fill func(headers, request)) *table {
	pool := sync.Pool{New: func() any { return make(headers) }}
	return &table{id: id, title: title, round: 4 * time.Millisecond, rounds: 100, unit: len(corpus), threads: 1, rows: []candidate{
		{name: "Go, fresh map[string][]string", kind: "malloc", work: timed(func(n int) {
			for range n {
				for _, request := range corpus {
					m := make(headers)
					fill(m, request)
					use(m)
				}
			}
		})},
		{name: "Go, sync.Pool, cleared", kind: "peer", work: timed(func(n int) {
			for range n {
				for _, request := range corpus {
					m := pool.Get().(headers)
					fill(m, request)
					use(m)
					clear(m)
					pool.Put(m)
				}
			}
		})},
	}}
}
