package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// What the benchmarks of Go's own package sync measure, by their names there, with
// objects that own 64 bytes; `peers/benches/go_suite.rs` does the same with millpond.

type object [64]byte

func newObject() any { return new(object) }

// A pooling is where objects come from and go to.
type pooling struct {
	get func() any
	put func(any)
}

func pooled() pooling {
	pool := &sync.Pool{New: newObject}
	return pooling{pool.Get, pool.Put}
}

// fresh makes objects, and leaves them to the collector.
func fresh() pooling {
	return pooling{newObject, func(object any) { use(object) }}
}

func suiteTable(id, title string, operation func(pooling, []any)) *table {
	row := func(name, kind string, objects pooling) candidate {
		return candidate{name: name, kind: kind, work: eachDoes(func(n int) {
			held := make([]any, 100)
			for range n {
				operation(objects, held)
			}
		})}
	}
	return &table{id: id, title: title, round: 600 * time.Microsecond, rounds: 100, unit: 1, threads: cores(), rows: []candidate{
		row("Go, fresh", "malloc", fresh()),
		row("Go, sync.Pool", "peer", pooled()),
	}}
}

func suite() []*table {
	return []*table{
		suiteTable("go-pool", "BenchmarkPool: get and put, on every core", func(p pooling, _ []any) {
			p.put(p.get())
		}),
		suiteTable("go-overflow", "BenchmarkPoolOverflow: 100 at once, then all back, on every core", func(p pooling, held []any) {
			for i := range held {
				held[i] = p.get()
			}
			for _, object := range held {
				p.put(object)
			}
		}),
		// Two thirds come back: the rest has to be found elsewhere, or made.
		suiteTable("go-starvation", "BenchmarkPoolStarvation: 100 at once, 67 come back, on every core", func(p pooling, held []any) {
			for i := range held {
				held[i] = p.get()
			}
			for _, object := range held[:67] {
				p.put(object)
			}
		}),
		expensiveNew(),
	}
}

var ballast []byte

// expensiveNew has objects that take a millisecond to make, and garbage beside them: a
// collection empties a pool that does not hold on to what it has. No row without a pool:
// that is 100 ms, by construction.
func expensiveNew() *table {
	ballast = make([]byte, 8<<20)
	var made atomic.Uint64
	pool := &sync.Pool{New: func() any {
		made.Add(1)
		time.Sleep(time.Millisecond)
		return new(object)
	}}
	sinks := make([]struct {
		sink []byte
		_    [64]byte
	}, cores())
	var worker atomic.Uint32
	work := eachDoes(func(n int) {
		held := make([]any, 100)
		sink := &sinks[int(worker.Add(1))%len(sinks)].sink
		for range n {
			for i := range held {
				held[i] = pool.Get()
				*sink = make([]byte, 32<<10)
			}
			for _, object := range held {
				pool.Put(object)
			}
		}
	})
	return &table{
		id: "go-expensive-new", title: "BenchmarkPoolExpensiveNew: 100 at once that take 1 ms to make, 32 KiB of garbage with each, on every core",
		round: 5 * time.Millisecond, rounds: 40, unit: 1, threads: cores(),
		rows: []candidate{{name: "Go, sync.Pool", kind: "peer", work: work, created: made.Load}},
	}
}
