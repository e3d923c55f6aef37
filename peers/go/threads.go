package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

func cores() int { return runtime.GOMAXPROCS(0) }

// eachDoes makes a work of what each of as many goroutines as there are cores does n
// times: the time from the first start to the last end.
func eachDoes(do func(n int)) work {
	threads := cores()
	return func(n int) time.Duration {
		var missing atomic.Int32
		missing.Store(int32(threads))
		var done sync.WaitGroup
		begins, ends := make([]time.Time, threads), make([]time.Time, threads)
		for i := range threads {
			done.Go(func() {
				// All begin at one instant.
				missing.Add(-1)
				for missing.Load() > 0 {
					runtime.Gosched()
				}
				begins[i] = time.Now()
				do(n)
				ends[i] = time.Now()
			})
		}
		done.Wait()
		first, last := begins[0], ends[0]
		for i := range threads {
			if begins[i].Before(first) {
				first = begins[i]
			}
			if ends[i].After(last) {
				last = ends[i]
			}
		}
		return last.Sub(first)
	}
}
