package report

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// maxIgnoreSize is in bytes; a fingerprint has about 100.
const maxIgnoreSize = 16 << 20

// Ignore is a list of fingerprints that are not to be reported, as .gitleaksignore
// files have them. It is made by one goroutine and then safe for concurrent use.
// A nil Ignore is empty.
type Ignore struct {
	entries map[string]*ignored
	order   []*ignored
	// Warnings tells of lines that are no fingerprints, one line each.
	Warnings []string
}

type ignored struct {
	where string // file and line
	text  string
	used  atomic.Bool
}

// Load adds a file of fingerprints, one a line: file:rule:line, which holds for
// every commit, or commit:file:rule:line. A backslash in the file is a slash.
// Empty lines and lines that begin with # are comments.
func (g *Ignore) Load(path string) error {
	text, err := readLimited(path, maxIgnoreSize)
	if err != nil {
		return fmt.Errorf("reading fingerprints to ignore: %w", err)
	}
	return g.Parse(path, text)
}

// Parse adds fingerprints from memory; name stands for the file in messages.
func (g *Ignore) Parse(name string, text []byte) error {
	if g.entries == nil {
		g.entries = map[string]*ignored{}
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		where := Display(name) + ":" + strconv.Itoa(n)
		key, ok := fingerprint(line)
		if !ok {
			g.Warnings = append(g.Warnings, where+": not a fingerprint, [commit:]file:rule:line: "+Display(line))
		}
		if g.entries[key] == nil {
			entry := &ignored{where: where, text: line}
			g.entries[key] = entry
			g.order = append(g.order, entry)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// fingerprint normalizes a line, and reports whether it looks like a fingerprint.
// Like gitleaks it leaves one with more parts than it knows as it is; the file's
// name may have a colon.
func fingerprint(line string) (string, bool) {
	parts := strings.Split(line, ":")
	if len(parts) == 3 || len(parts) == 4 {
		file := len(parts) - 3
		parts[file] = strings.ReplaceAll(parts[file], `\`, "/")
	}
	_, err := strconv.Atoi(parts[len(parts)-1])
	return strings.Join(parts, ":"), len(parts) >= 3 && err == nil && !slices.Contains(parts, "")
}

// covers reports whether r is not to be reported.
func (g *Ignore) covers(r *Record) bool {
	if g == nil || len(g.entries) == 0 {
		return false
	}
	entry := g.entries[r.place()]
	if entry == nil && r.Commit != "" {
		entry = g.entries[r.Fingerprint()]
	}
	if entry == nil {
		return false
	}
	entry.used.Store(true)
	return true
}

// Unused returns the entries that no finding had, each with its file and line.
func (g *Ignore) Unused() (list []string) {
	if g == nil {
		return nil
	}
	for _, entry := range g.order {
		if !entry.used.Load() {
			list = append(list, entry.where+": "+Display(entry.text))
		}
	}
	return list
}
