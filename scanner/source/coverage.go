package source

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
)

// Reason is a rule by which a file was not read.
type Reason uint8

// The reasons.
const (
	Allowlisted    Reason = iota // its path matches a global allowlist
	AllowlistedDir               // so does this directory's; what is in it was not counted
	ArchiveName                  // gitleaks takes its name for an archive's (with Compat only)
	Binary                       // compressed or compiled, by its first bytes
	Empty
	Symlink
	Special // a pipe, socket or device
	TooLarge
	Own // a file of the scan itself
	reasons
)

var reasonNames = [reasons]string{"allowlisted", "allowlisted directory", "archive name", "binary", "empty",
	"symlink", "special file", "too large", "own file"}

// String returns the reason in words.
func (r Reason) String() string { return reasonNames[r] }

// MarshalText returns the reason in words.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Gap is something that should have been scanned and was not, wholly or in part.
type Gap struct {
	Path  string `json:"path"` // "" for a stream without a name
	Cause string `json:"cause"`
}

// maxGaps is how many gaps are kept by name.
const maxGaps = 1000

// Coverage records what a scan has read and what not. The zero value is ready; it
// is safe for concurrent use.
type Coverage struct {
	// OnSkip, where set, is told of every file and directory skipped by rule. It is
	// called by several goroutines at once and must not be changed during a scan.
	OnSkip func(path string, why Reason)

	files, bytes, total atomic.Int64
	skipped             [reasons]atomic.Int64

	mu   sync.Mutex
	gaps []Gap // guarded by mu; the first maxGaps
	lost int64 // guarded by mu; how many there were
}

// Totals is a coverage at one moment.
type Totals struct {
	Files   int64            `json:"files"` // that were read, wholly or in part
	Bytes   int64            `json:"bytes"` // that were scanned
	Skipped map[Reason]int64 `json:"skipped"`
	// Incomplete is how many paths could not be read, or not to their end; Gaps are
	// the first thousand of them, sorted.
	Incomplete int64 `json:"incomplete"`
	Gaps       []Gap `json:"gaps"`
}

// Totals returns what has been recorded so far.
func (c *Coverage) Totals() Totals {
	t := Totals{Files: c.files.Load(), Bytes: c.bytes.Load(), Skipped: map[Reason]int64{}}
	for r := range c.skipped {
		if n := c.skipped[r].Load(); n > 0 {
			t.Skipped[Reason(r)] = n
		}
	}
	c.mu.Lock()
	t.Gaps, t.Incomplete = append([]Gap{}, c.gaps...), c.lost
	c.mu.Unlock()
	slices.SortFunc(t.Gaps, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Cause, b.Cause))
	})
	return t
}

// Progress returns the bytes scanned so far and how many there are; 0 where that
// is not known, as with directories and streams. It costs two loads.
func (c *Coverage) Progress() (done, total int64) { return c.bytes.Load(), c.total.Load() }

func (c *Coverage) skip(path string, why Reason) {
	c.skipped[why].Add(1)
	if c.OnSkip != nil {
		c.OnSkip(path, why)
	}
}

// incomplete records that path could not be read to its end.
func (c *Coverage) incomplete(path string, err error) {
	cause := err.Error()
	if perr, ok := errors.AsType[*fs.PathError](err); ok {
		cause = perr.Op + ": " + perr.Err.Error()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost++
	if len(c.gaps) < maxGaps {
		c.gaps = append(c.gaps, Gap{path, cause})
	}
}
