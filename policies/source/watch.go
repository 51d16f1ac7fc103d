package source

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// How a directory is watched.
const (
	watchEvery = 5 * time.Second
	quietFor   = 200 * time.Millisecond // after an event, since editors write in steps
	agreeing   = 4                      // reads tried until two in a row agree
)

// Watcher reports what changes in a policy directory. Events of the file system
// make it prompt; a read at a fixed interval finds what they miss: a directory that
// was replaced, a link above it, a network file system.
type Watcher struct {
	Dir      string
	Revision string        // of the documents the caller has; empty: none
	Every    time.Duration // between reads; zero: 5 s
	// Changed is called with documents of another revision, or with the error that
	// keeps them from being read: then the caller goes on with those it has. An
	// error is told once until something else is; the documents that follow it
	// are told even if the caller had them before. Calls come one at a time.
	Changed func(Documents, error)

	state   string // what was last read: the revision, or the error of reading
	failure string // the error last reported, if nothing came after it
}

// Run watches until ctx ends. It starts no goroutine that outlives it, and is called
// once.
func (w *Watcher) Run(ctx context.Context) {
	every := w.Every
	if every <= 0 {
		every = watchEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	quiet := time.NewTimer(quietFor)
	quiet.Stop()
	happened := make(chan struct{}, 1)
	events, err := fsnotify.NewWatcher()
	if err == nil { // else this machine has no more watches, and the interval remains
		var draining sync.WaitGroup
		draining.Go(func() { drain(events, happened) })
		defer draining.Wait()
		defer events.Close()
	}
	w.state = w.Revision
	for {
		if err == nil {
			w.subscribe(events) // before reading, so that nothing falls between
		}
		w.look()
		for waiting := true; waiting; {
			select {
			case <-ctx.Done():
				return
			case <-happened:
				quiet.Reset(quietFor)
			case <-quiet.C:
				waiting = false
			case <-tick.C:
				waiting = false
			}
		}
	}
}

// drain tells that something happened until events are closed. It has a goroutine of
// its own because fsnotify hands out errors with its lock held, which Add takes too.
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

// subscribe asks for the events of the directory and of its folders. Asking again
// for the same folder changes nothing.
func (w *Watcher) subscribe(events *fsnotify.Watcher) {
	root, err := filepath.EvalSymlinks(w.Dir)
	if err != nil {
		return // reading the directory reports it, and so below
	}
	seen := 0
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if seen++; err != nil || seen > maxFiles {
			return fs.SkipAll
		}
		switch {
		case path == root:
		case !entry.IsDir():
			return nil
		case strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		}
		_ = events.Add(path) // without it the interval remains
		return nil
	})
}

// look reads the directory and reports what is new about it.
func (w *Watcher) look() {
	files, state := w.read()
	if state == w.state {
		return
	}
	// Files may have been replaced between the first and the last that was read.
	// What is read twice in a row is of one generation.
	before := ""
	for range agreeing {
		before = state
		if files, state = w.read(); state == before {
			break
		}
	}
	if state != before || state == w.state {
		return // look again at the next interval
	}
	w.state = state
	docs, err := Documents{}, errors.New(state)
	if files != nil {
		docs, err = FromFiles(files, w.Dir)
	}
	switch {
	case err == nil:
		w.failure = ""
		w.Changed(docs, nil)
	case err.Error() != w.failure:
		w.failure = err.Error()
		w.Changed(Documents{}, err)
	}
}

// read returns the files of the directory and their revision, or nil and the text of
// the error.
func (w *Watcher) read() (map[string][]byte, string) {
	fsys, err := openDir(w.Dir)
	if err != nil {
		return nil, err.Error()
	}
	files, err := readFiles(fsys, w.Dir)
	if err != nil {
		return nil, err.Error()
	}
	return files, revisionOf(files)
}
