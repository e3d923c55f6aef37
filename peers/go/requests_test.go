package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// All ways to fill a map give the same one, however often it was used before.
func TestSameHeaders(t *testing.T) {
	corpus, err := readCorpus("../../corpus/requests.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	reused := make(headers)
	for _, request := range corpus {
		want := make(headers)
		for _, header := range request {
			want[header[0]] = append(want[header[0]], header[1])
		}
		clear(reused)
		fillCopied(reused, request)
		fresh := make(headers)
		fill(fresh, request)
		if !reflect.DeepEqual(reused, want) || !reflect.DeepEqual(fresh, want) {
			t.Fatalf("%v and %v instead of %v", reused, fresh, want)
		}
	}
}

func TestBadCorpusIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "corpus")
	if err := os.WriteFile(path, []byte("[[\"a\",\"b\"]]\nnot json\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readCorpus(path); err == nil || !strings.Contains(err.Error(), path+":2:") {
		t.Fatalf("line 2 is not named: %v", err)
	}
}

// What is counted is what was asked for: one 64-byte object, one allocation.
func TestCountsAllocations(t *testing.T) {
	row := candidate{work: timed(func(n int) {
		for range n {
			use(newObject())
		}
	})}
	var f figure
	f.count(row, 1000, 1000)
	if f.allocations < 1 || f.allocations > 1.01 || f.bytes < 64 || f.bytes > 65 {
		t.Fatalf("%v allocations of %v bytes", f.allocations, f.bytes)
	}
}
