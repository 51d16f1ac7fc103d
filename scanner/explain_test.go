package scanner_test

import (
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/scanner"
)

func TestExplain(t *testing.T) {
	set := parse(t, `
[[rules]]
id = "anchored"
regex = '''(?:ab|x)zq9-\d+'''
[[rules]]
id = "gated"
regex = '''\d{3}'''
keywords = ["Magic"]
[[rules]]
id = "everywhere"
regex = '''x*'''
[[rules]]
id = "frequent"
regex = '''[a-z]+'''
[[rules]]
id = "needed"
regex = '''y*'''
keywords = ["magic"]
[[rules]]
id = "path"
path = '''x'''
[[rules.required]]
id = "needed"
`)
	s := newScanner(t, set, scanner.Options{})
	for id, want := range map[string]struct {
		reach    scanner.Reach
		warns    string // how the warning begins
		anchored bool
	}{
		"anchored":   {scanner.Window, "", true},
		"gated":      {scanner.Gated, "gated by keywords", true},
		"everywhere": {scanner.Everywhere, "scans everything: has neither", false},
		"needed":     {scanner.Everywhere, "scans everything: its expression has no anchor", false},
		"frequent":   {scanner.Window, "scans nearly everything", true},
		"path":       {scanner.PathOnly, "", false},
	} {
		e, ok := s.Explain(id)
		if !ok || e.Rule.ID != id || e.Reach != want.reach {
			t.Errorf("%s: %+v, want reach %s", id, e, want.reach)
		}
		if warning := e.Warning(); !strings.HasPrefix(warning, want.warns) || want.warns == "" && warning != "" {
			t.Errorf("%s: warning %q, want %q", id, warning, want.warns)
		}
		if want.anchored != (len(e.Anchors) > 0) || (e.Rate > 0) != (e.Reach != scanner.PathOnly) || e.Rate > 1 {
			t.Errorf("%s: rate %g, anchors %q", id, e.Rate, e.Anchors)
		}
	}
	if e, _ := s.Explain("anchored"); e.MaxPre < 1 || e.MaxPre > 4 {
		t.Errorf("MaxPre is %d", e.MaxPre)
	}
	if _, ok := s.Explain("none"); ok {
		t.Error("a rule that does not exist was explained")
	}
}
