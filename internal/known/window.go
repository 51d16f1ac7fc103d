package known

import (
	"cmp"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/internal/bitmap"
	"github.com/stanch-dev/stanch/internal/known/entropy"
)

// tokenBytes are what windows are made of: tokens in their usual encodings stand in
// one run of them, which the escapes of JSON and URLs leave as it is.
const tokenBytes = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/_-"

var (
	tokens  = bitmap.NewClassifier(tokenBytes)
	isToken = func() (is [256]bool) {
		for i := range is {
			is[i] = strings.IndexByte(tokenBytes, byte(i)) >= 0
		}
		return is
	}()
)

const (
	// gateLen is the length of a run of token bytes from which windows in it are looked
	// up. It passes over most words of ordinary text.
	gateLen = 18
	// minWindowBits is how many bits a window must have, so that it does not stand in
	// ordinary text.
	minWindowBits = 36
	// nearlyBest is how many bits a window may have less than the best of its run.
	nearlyBest = 1.0
)

// window is a part of a secret that it can be looked up by.
type window struct {
	offset, run int // where it begins, and where its token run does
	bits        float64
	late        bool // it is not nearly the best of its run
}

// windowsOf returns the windows of a part, the preferred ones first: in the first run
// that has any, and there the first that is nearly the best. Nothing that text is
// looked up for may begin more than MaxLead bytes before its window.
func windowsOf(part []byte, estimate entropy.Estimate) (windows []window) {
	for start := 0; start <= min(MaxLead, len(part)-windowLen); start++ {
		end := start
		for end < len(part) && isToken[part[end]] {
			end++
		}
		if end-start >= gateLen {
			windows = append(windows, windowsOfRun(start, end, estimate)...)
		}
		start = end
	}
	return windows
}

// windowsOfRun returns the windows of the token run from start to end.
func windowsOfRun(start, end int, estimate entropy.Estimate) (windows []window) {
	best := 0.0
	for offset := start; offset+windowLen <= end && offset <= MaxLead; offset++ {
		bits := estimate[offset:][:windowLen].Bits()
		if bits >= minWindowBits {
			windows = append(windows, window{offset: offset, run: start, bits: bits})
			best = max(best, bits)
		}
	}
	for i := range windows {
		windows[i].late = windows[i].bits < best-nearlyBest
	}
	slices.SortStableFunc(windows, func(a, b window) int {
		switch {
		case a.late != b.late && b.late:
			return -1
		case a.late != b.late:
			return 1
		case a.late:
			return cmp.Compare(b.bits, a.bits)
		}
		return 0
	})
	return windows
}
