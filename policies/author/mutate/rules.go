package mutate

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// site is a place in a rule, and a change to make there.
type site struct {
	loc   *ast.Location
	what  string
	build func() *ast.Rule // the whole rule with the change; shares what is the same
}

// survey walks a rule and collects the changes that can be made to it. Each step
// down gets a function that puts a changed part back and returns the whole rule.
type survey struct {
	sites []site
	in    string // the text of the head or expression around, for descriptions
}

// sites lists the changes that can be made to rule.
func sites(rule *ast.Rule) []site {
	s := &survey{}
	if rule.Default {
		s.add(rule.Location, "drop the default", func() *ast.Rule { return nil })
	}
	s.rule(rule, func(r *ast.Rule) *ast.Rule { return r })
	return s.sites
}

func (s *survey) add(loc *ast.Location, what string, build func() *ast.Rule) {
	s.sites = append(s.sites, site{loc, what, build})
}

// addIn adds a change within a head or an expression, which the description quotes.
func (s *survey) addIn(loc *ast.Location, what string, build func() *ast.Rule) {
	s.add(loc, what+" in "+s.in, build)
}

// within sets what descriptions quote, and returns what undoes that.
func (s *survey) within(text string) (leave func()) {
	before := s.in
	s.in = text
	return func() { s.in = before }
}

// rule surveys a rule or an else of one.
func (s *survey) rule(r *ast.Rule, put func(*ast.Rule) *ast.Rule) {
	if !r.Default {
		s.add(r.Location, "never holds: "+quote(string(r.Location.Text)), func() *ast.Rule {
			changed := *r
			changed.Body = append(slices.Clone(r.Body), constant(ast.Boolean(false), r.Location))
			return put(&changed)
		})
	}
	s.head(r.Head, func(h *ast.Head) *ast.Rule { changed := *r; changed.Head = h; return put(&changed) })
	if !isFact(r) {
		s.body(r.Body, func(b ast.Body) *ast.Rule { changed := *r; changed.Body = b; return put(&changed) })
	}
	if r.Else != nil {
		s.rule(r.Else, func(other *ast.Rule) *ast.Rule { changed := *r; changed.Else = other; return put(&changed) })
	}
}

// isFact reports whether the body is the "true" that stands for none.
func isFact(r *ast.Rule) bool {
	return r.Default || len(r.Body) == 1 && r.Body[0].Generated
}

// head surveys the result of a rule: its value, or what it adds to a set. The true
// of a rule that names no value is not there to be changed.
func (s *survey) head(h *ast.Head, put func(*ast.Head) *ast.Rule) {
	defer s.within(quote(string(h.Location.Text)))()
	if h.Value != nil && h.Value.Location != nil {
		s.term(h.Value, func(t *ast.Term) *ast.Rule { changed := *h; changed.Value = t; return put(&changed) })
	}
	if h.DocKind() == ast.PartialSetDoc {
		s.term(h.Key, func(t *ast.Term) *ast.Rule { changed := *h; changed.Key = t; return put(&changed) })
	}
	for i, arg := range h.Args {
		s.term(arg, func(t *ast.Term) *ast.Rule {
			changed := *h
			changed.Args = replaced(h.Args, i, t)
			return put(&changed)
		})
	}
}

// maxQuote is how many runes of the source a description quotes.
const maxQuote = 80

// quote returns text on one line.
func quote(text string) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > maxQuote {
		return string(runes[:maxQuote]) + "…"
	}
	return string(runes)
}

// words returns an expression or term as it is in the source. The parser gives all of
// a body without braces after an else the place of that else, and a negative number
// that of its sign; these are written anew.
func words(n interface {
	Loc() *ast.Location
	String() string
}) string {
	text := string(n.Loc().Text)
	if text == "-" || strings.HasPrefix(text, "else") {
		text = n.String()
	}
	return quote(text)
}
