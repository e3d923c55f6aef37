package main

import (
	"sync"
	"time"
)

// What the compiler cannot see through: it would leave out a map that nobody reads.
var (
	one  uint64 = 1
	size        = 16
)

// use makes what it is given escape to the heap, as it does in a program where handlers
// are called through interfaces: without, fresh objects would lie on the stack.
//
//go:noinline
func use[T any](value T) {
	if never {
		sink = value
	}
}

var (
	never bool
	sink  any
)

const short = 200 * time.Microsecond

type numbers = map[uint64]uint64

func mapPool() *sync.Pool {
	return &sync.Pool{New: func() any {
		m := make(numbers, size)
		return &m
	}}
}

// cycle borrows a warm map and gives it back, without anything in it.
func cycle() *table {
	fresh := func(n int) {
		for range n {
			use(make(numbers, size))
		}
	}
	pointers, maps := mapPool(), mapPool()
	return &table{id: "cycle", title: "get + put of one warm map, empty", round: short, rounds: 300, unit: 1, threads: 1, rows: []candidate{
		{name: "Go, fresh map", kind: "malloc", work: timed(fresh)},
		{name: "Go, sync.Pool", kind: "peer", work: timed(func(n int) {
			for range n {
				m := maps.Get().(*numbers)
				use(m)
				clear(*m)
				maps.Put(m)
			}
		})},
		{name: "Go, sync.Pool, nothing but the pointer", kind: "peer", work: timed(func(n int) {
			for range n {
				m := pointers.Get()
				use(m)
				pointers.Put(m)
			}
		})},
	}}
}

// insert does the same with one insert.
func insert() *table {
	inPlace := make(numbers, size)
	pool := mapPool()
	return &table{id: "insert", title: "the same with one insert", round: short, rounds: 300, unit: 1, threads: 1, rows: []candidate{
		{name: "Go, fresh map", kind: "malloc", work: timed(func(n int) {
			for range n {
				m := make(numbers, size)
				m[one] = 2
				use(m)
			}
		})},
		{name: "Go, sync.Pool", kind: "peer", work: timed(func(n int) {
			for range n {
				m := pool.Get().(*numbers)
				(*m)[one] = 2
				use(m)
				clear(*m)
				pool.Put(m)
			}
		})},
		{name: "Go, one map, in place", kind: "limit", work: timed(func(n int) {
			for range n {
				inPlace[one] = 2
				use(inPlace)
				clear(inPlace)
			}
		})},
	}}
}
