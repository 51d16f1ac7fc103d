package cli

import (
	"io"
	"os"
	"sync"
)

// logFile is a file that lines are appended to, whole, from any goroutine. What cannot
// be written is told once: a log that fails must not end what it is about.
type logFile struct {
	name   string
	report func(error)

	mu     sync.Mutex // guards what follows
	w      io.Writer  // nil for no log
	file   *os.File   // nil if it is standard error
	failed bool
}

// openLog opens a file to append to; "-" is standard error, and no name no log.
func openLog(std stdio, name string, report func(error)) (*logFile, error) {
	l := &logFile{name: name, report: report}
	switch name {
	case "":
	case "-":
		l.w = std.err
	default:
		return l, l.open()
	}
	return l, nil
}

func (l *logFile) open() error {
	file, err := os.OpenFile(l.name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	l.file, l.w = file, file
	return nil
}

// Write writes one line. It never fails.
func (l *logFile) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.w == nil {
		return len(line), nil
	}
	_, err := l.w.Write(line)
	if err != nil && !l.failed {
		l.report(err)
	}
	l.failed = err != nil
	return len(line), nil
}

// reopen opens the file again, since whoever rotates logs has moved it.
func (l *logFile) reopen() {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.file
	if old == nil {
		return
	}
	if err := l.open(); err != nil {
		l.report(err)
		return
	}
	old.Close()
}

func (l *logFile) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w = nil
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
