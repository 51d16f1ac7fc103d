package scanner

import (
	"bytes"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/internal/match"
)

// allowlist is an allowlist ready to be asked. Its paths and commits are asked for
// a fragment, the rest for a candidate, except that one which needs everything to
// hold is asked for the candidate only, unless it has nothing but paths and commits.
type allowlist struct {
	*rules.Allowlist
	commits map[string]bool
	paths   func() *match.Matcher
	regexes func() *match.Matcher
	stop    *stopwords
}

// allowlistCompiler compiles each allowlist once, however many rules share it.
type allowlistCompiler map[*rules.Allowlist]*allowlist

func (c allowlistCompiler) list(lists []*rules.Allowlist) (out []*allowlist) {
	for _, a := range lists {
		if c[a] == nil {
			c[a] = &allowlist{Allowlist: a, paths: matcher(a.Paths), regexes: matcher(a.Regexes)}
			if len(a.Commits) > 0 {
				c[a].commits = map[string]bool{}
				for _, id := range a.Commits {
					c[a].commits[id] = true
				}
			}
			if len(a.Stopwords) > 0 {
				c[a].stop = newStopwords(a.Stopwords)
			}
		}
		out = append(out, c[a])
	}
	return out
}

func (a *allowlist) hasCommit(id string) bool {
	return id != "" && a.commits != nil && a.commits[strings.ToLower(id)]
}

func (a *allowlist) hasPath(s *match.Scratch, path string) bool {
	return path != "" && a.paths != nil && a.paths().Match(s, []byte(path))
}

// allowsFragment reports whether the path or the commit of f alone makes a list
// hold.
func allowsFragment(lists []*allowlist, s *match.Scratch, f *Fragment) bool {
	if f.Path == "" && f.Commit == "" {
		return false
	}
	for _, a := range lists {
		switch {
		case !a.All:
			if a.hasCommit(f.Commit) || a.hasPath(s, f.Path) {
				return true
			}
		case a.regexes == nil && a.stop == nil:
			if (a.commits == nil || a.hasCommit(f.Commit)) && (a.paths == nil || a.hasPath(s, f.Path)) {
				return true
			}
		}
	}
	return false
}

// allowsCandidate reports whether a list holds for c, which stands on line.
func (w *worker) allowsCandidate(lists []*allowlist, c *candidate, line []byte) bool {
	for _, a := range lists {
		holds := a.allowsText(&w.asking, c, line)
		if a.All {
			holds = (a.regexes == nil || a.matches(&w.asking, c, line)) &&
				(a.stop == nil || a.stop.in(c.secret)) &&
				(a.commits == nil || a.hasCommit(w.f.Commit)) &&
				(a.paths == nil || a.hasPath(&w.asking, w.f.Path))
		}
		if holds {
			return true
		}
	}
	return false
}

func (a *allowlist) allowsText(s *match.Scratch, c *candidate, line []byte) bool {
	return a.stop != nil && a.stop.in(c.secret) || a.matches(s, c, line)
}

func (a *allowlist) matches(s *match.Scratch, c *candidate, line []byte) bool {
	text := c.secret
	switch a.Target {
	case rules.TargetMatch:
		text = c.match
	case rules.TargetLine:
		text = line
	}
	return len(text) > 0 && a.regexes != nil && a.regexes().Match(s, text)
}

// stopwords tells whether a secret contains one of many words.
type stopwords struct {
	by    map[[2]byte][]string // by their first two bytes
	short []string             // those of less than two bytes
}

func newStopwords(words []string) *stopwords {
	s := &stopwords{by: make(map[[2]byte][]string, len(words))}
	for _, word := range words {
		if len(word) < 2 {
			s.short = append(s.short, word)
			continue
		}
		key := [2]byte{word[0], word[1]}
		s.by[key] = append(s.by[key], word)
	}
	return s
}

// in reports whether secret, in lower case, contains one of the words.
func (s *stopwords) in(secret []byte) bool {
	if len(secret) == 0 {
		return false
	}
	var buffer [256]byte
	low := lower(buffer[:], secret)
	for i := range len(low) - 1 {
		for _, word := range s.by[[2]byte{low[i], low[i+1]}] {
			if len(word) <= len(low)-i && string(low[i:i+len(word)]) == word {
				return true
			}
		}
	}
	return slices.ContainsFunc(s.short, func(word string) bool { return bytes.Contains(low, []byte(word)) })
}
