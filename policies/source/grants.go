package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Capabilities are what a grant can allow, and the names of actions.
func Capabilities() []string {
	return []string{"admin", "delete", "issue", "list", "read", "reveal", "rotate", "sign", "write"}
}

// Grant lets some principals do something at some paths.
type Grant struct {
	ID string
	// Subjects are principal keys, as "kubernetes/shop/api" or "group/sre"; a
	// principal that has one of them is meant.
	Subjects []string
	// Paths are exact ("kv/shop/prod/db"), subtrees ("kv/shop/**", "**" for
	// everything), or have * for anything within one segment ("kv/*/prod/db").
	Paths      []string
	Can        []string
	ExpiresAt  time.Time // zero: never
	BreakGlass bool      // counts only with a reason given in an emergency
	Owner      string
	Note       string
	File       string // and Line: where it is written
	Line       int
}

// grantText is a grant as it is written.
type grantText struct {
	ID         string
	Subject    string
	Subjects   []string
	Path       string
	Paths      []string
	Can        []string
	ExpiresAt  *Time `yaml:"expires_at"`
	BreakGlass bool  `yaml:"break_glass"`
	Owner      string
	Note       string
}

// grantsText is a grants.yaml as it is written.
type grantsText struct{ Grants []grantText }

// ParseGrants reads the text of a grants.yaml that errors call file.
func ParseGrants(text []byte, file string) ([]Grant, error) {
	var doc grantsText
	if err := decode(text, file, &doc); err != nil {
		return nil, err
	}
	var places struct{ Grants []yaml.Node } // the same, for the lines
	if err := yaml.Unmarshal(text, &places); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var grants []Grant
	var errs []error
	lineOf := map[string]int{}
	for i, t := range doc.Grants {
		g, err := t.grant(file, places.Grants[i].Line)
		if err == nil && lineOf[g.ID] > 0 {
			err = fmt.Errorf("%s:%d: grant %q has the id of the one in line %d", file, g.Line, g.ID, lineOf[g.ID])
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		lineOf[g.ID] = g.Line
		grants = append(grants, g)
	}
	return grants, errors.Join(errs...)
}

// grant returns what is written in that line of file.
func (t grantText) grant(file string, line int) (Grant, error) {
	at := fmt.Sprintf("%s:%d", file, line)
	g := Grant{ID: t.ID, Subjects: t.Subjects, Paths: t.Paths, Can: t.Can, BreakGlass: t.BreakGlass, Owner: t.Owner, Note: t.Note, File: file, Line: line}
	if t.Subject != "" {
		g.Subjects = append(g.Subjects, t.Subject)
	}
	if t.Path != "" {
		g.Paths = append(g.Paths, t.Path)
	}
	if t.ExpiresAt != nil {
		g.ExpiresAt = time.Unix(int64(*t.ExpiresAt), 0).UTC()
	}
	switch {
	case g.ID == "":
		return g, fmt.Errorf("%s: a grant needs an id: decisions and logs name it", at)
	case len(g.Subjects) == 0 || slices.Contains(g.Subjects, ""):
		return g, fmt.Errorf("%s: grant %q: subject is missing, as in 'subject: kubernetes/shop/api'", at, g.ID)
	case len(g.Paths) == 0:
		return g, fmt.Errorf("%s: grant %q: path is missing, as in 'path: kv/shop/**'", at, g.ID)
	case len(g.Can) == 0:
		return g, fmt.Errorf("%s: grant %q: can is missing, as in 'can: [read]'", at, g.ID)
	}
	for _, can := range g.Can {
		if !slices.Contains(Capabilities(), can) {
			return g, fmt.Errorf("%s: grant %q: unknown capability %q; there are %s", at, g.ID, can, strings.Join(Capabilities(), ", "))
		}
	}
	for _, p := range g.Paths {
		if err := checkPath(p); err != nil {
			return g, fmt.Errorf("%s: grant %q: path %q %w", at, g.ID, p, err)
		}
		if g.BreakGlass && strings.Contains(strings.TrimSuffix(p, "**"), "*") {
			return g, fmt.Errorf("%s: grant %q: path %q: a grant for emergencies names paths or subtrees, without * inside", at, g.ID, p)
		}
	}
	return g, nil
}

func checkPath(p string) error {
	trimmed, subtree := strings.CutSuffix(p, "**")
	switch {
	case p == "":
		return errors.New("is empty; '**' means everything")
	case strings.HasPrefix(p, "/"):
		return errors.New("begins with a slash; paths begin with the mount, as kv/")
	case subtree && trimmed != "" && !strings.HasSuffix(trimmed, "/"):
		return errors.New("has ** behind a part of a name; ** stands for whole segments, as in kv/shop/**")
	case strings.Contains(trimmed, "**"):
		return errors.New("has ** before its end; use * for one segment")
	case strings.ContainsAny(p, `?[]{}\`):
		return errors.New(`has one of ?[]{}\, which have no meaning in paths; use * for anything within a segment`)
	}
	return nil
}

// IndexGrants arranges grants for constant-time look-up, as data.index:
//
//	grants[subject][exact path or subtree prefix] = [{id, capabilities: {read: true}, expires_at}]
//	wildcards[subject]                            = [the same, with pattern]
//	break_glass[subject][path or prefix]          = [as in grants]
//
// The prefix of a subtree ends with a slash, or is empty for everything. Grants for
// emergencies stand apart, so that nothing counts them by mistake.
func IndexGrants(grants []Grant) map[string]any {
	everyday, emergency, wildcards := map[string]any{}, map[string]any{}, map[string]any{}
	for _, g := range grants {
		for _, subject := range g.Subjects {
			for _, p := range g.Paths {
				prefix := strings.TrimSuffix(p, "**")
				if strings.Contains(prefix, "*") {
					entry := g.entry()
					entry["pattern"] = p
					appendTo(wildcards, subject, entry)
					continue
				}
				byPrefix := everyday
				if g.BreakGlass {
					byPrefix = emergency
				}
				paths, _ := byPrefix[subject].(map[string]any)
				if paths == nil {
					paths = map[string]any{}
					byPrefix[subject] = paths
				}
				appendTo(paths, prefix, g.entry())
			}
		}
	}
	return map[string]any{"grants": everyday, "wildcards": wildcards, "break_glass": emergency}
}

// Covers reports whether the grant is about path.
func (g Grant) Covers(path string) bool {
	return slices.ContainsFunc(g.Paths, func(p string) bool { return covers(p, path) })
}

// covers reports whether pattern, which has * for anything within a segment and **
// at its end for anything, is path.
func covers(pattern, path string) bool {
	star := strings.IndexByte(pattern, '*')
	if star < 0 {
		return pattern == path
	}
	if !strings.HasPrefix(path, pattern[:star]) {
		return false
	}
	if pattern[star:] == "**" {
		return true
	}
	pattern, path = pattern[star+1:], path[star:]
	for { // * takes 0, 1, 2 … bytes, up to the next slash
		if covers(pattern, path) {
			return true
		}
		if path == "" || path[0] == '/' {
			return false
		}
		path = path[1:]
	}
}

func appendTo(m map[string]any, key string, entry map[string]any) {
	list, _ := m[key].([]any)
	m[key] = append(list, entry)
}

// never is when grants expire that do not: the end of the year 9999. An entry has
// every field, so that policies need not ask whether it has.
const never = 253402300799

func (g Grant) entry() map[string]any {
	can := map[string]any{}
	for _, c := range g.Can {
		can[c] = true
	}
	expires := int64(never)
	if !g.ExpiresAt.IsZero() {
		expires = g.ExpiresAt.Unix()
	}
	return map[string]any{"id": g.ID, "capabilities": can, "expires_at": expires}
}
