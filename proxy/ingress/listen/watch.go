package listen

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// How files are watched.
const (
	lookEvery = 10 * time.Second
	quietFor  = 200 * time.Millisecond // after an event, since files are written in steps, and a key after its certificate
)

// watch calls look when one of the files may have changed, until ctx ends. Events of
// the file system make it prompt, for the folders the files are in, since files are
// replaced rather than written; a look at a fixed interval finds what they miss.
func watch(ctx context.Context, paths []string, look func()) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	quiet := time.NewTimer(quietFor)
	quiet.Stop()
	happened := make(chan struct{}, 1)
	if events, err := fsnotify.NewWatcher(); err == nil { // else this machine has no more watches, and the interval remains
		for _, path := range paths {
			_ = events.Add(filepath.Dir(path))
		}
		var draining sync.WaitGroup
		draining.Go(func() { drain(events, happened) })
		defer draining.Wait()
		defer events.Close()
	}
	look() // what changed before we watched
	for {
		select {
		case <-ctx.Done():
			return
		case <-happened:
			quiet.Reset(quietFor)
		case <-quiet.C:
			look()
		case <-tick.C:
			look()
		}
	}
}

// drain tells that something happened until events are closed.
func drain(events *fsnotify.Watcher, happened chan<- struct{}) {
	for open := true; open; {
		select {
		case _, open = <-events.Events:
		case _, open = <-events.Errors: // events may be lost, so there may be news
		}
		select {
		case happened <- struct{}{}:
		default: // one is waiting
		}
	}
}
