package rules

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp/syntax"
	"strings"
)

// ownFiles are our own rules, one file for each topic or vendor, in the format of a
// user's. Every rule has examples and counter-examples, on which a test tries it.
// A rule of gitleaks' that is named again gets what the file says of it.
//
//go:embed own/*.toml
var ownFiles embed.FS

// How tokens end in gitleaks' rules, which are made for files: most want a quote, a
// blank, a semicolon or the end of the text behind one. In motion a token is
// followed by what its carrier puts there as well: the next parameter of a query,
// the rest of a log line, a closing tag or bracket.
const (
	restEnd  = `(?:[\x60'"\s;]|\\[nr]|$)`
	restEnds = 151 // rules that have it

	// motionEnd is what may follow a token in motion: anything that is no part of a
	// longer word or number. Opening brackets are not in it, since names of functions
	// have them, and a full stop only where it ends a sentence.
	motionEnd = `(?:[^\w.+=~*$^({\[%-]|%[0-9A-Fa-f]{2}|\.(?:[^\w+=~/-]|$)|$)`

	// atWord begins many expressions. In motion a colour of a terminal may stand there
	// too, whose last byte is a letter.
	atWord      = `\b`
	motionStart = `(?:\b|\x1b\[[\d;]{0,16}m)`
)

// Motion returns the rules for data in motion: gitleaks' default rules, made to fit,
// and our own. None has a keyword or a condition on paths: such text has no
// extent in which a keyword could stand, and no path.
func Motion() (*Ruleset, error) {
	set, err := Default()
	if err != nil {
		return nil, err
	}
	if err := set.fitMotion(); err != nil {
		return nil, err
	}
	names, err := fs.Glob(ownFiles, "own/*.toml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := ownFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if set, err = parse(name, text, loading{carrier: ForMotion, base: set}); err != nil {
			return nil, err
		}
	}
	for _, rule := range set.Rules {
		rule.afterColour()
	}
	set.Title = "stanch rules for data in motion"
	return set, nil
}

// LoadMotion reads a rules file as [Load] does, for data in motion: what it extends
// by useDefault are the rules of [Motion], and expressions that end as gitleaks' do
// find what theirs find in motion.
func LoadMotion(path string) (*Ruleset, error) {
	set, err := load(path, loading{carrier: ForMotion})
	if err != nil {
		return nil, err
	}
	for _, rule := range set.Rules {
		rule.widen()
		rule.afterColour()
	}
	return set, nil
}

// fitMotion makes gitleaks' default rules fit data in motion. It fails when they are
// not those that it was made for.
func (s *Ruleset) fitMotion() error {
	ends := 0
	for _, rule := range s.Rules {
		rule.Keywords, rule.Path = nil, nil
		if rule.widen() {
			ends++
		}
	}
	if ends != restEnds {
		return fmt.Errorf("rules for motion: %d of gitleaks' rules have the ending that is to be widened, not %d", ends, restEnds)
	}
	return nil
}

// afterColour lets what r finds stand behind a terminal's colour.
func (r *Rule) afterColour() {
	if r.Regex == nil {
		return
	}
	flags, rest := "", r.Regex.source
	if after, ok := strings.CutPrefix(rest, "(?i)"); ok {
		flags, rest = "(?i)", after
	}
	after, ok := strings.CutPrefix(rest, atWord)
	if !ok {
		return
	}
	if re, err := syntax.Parse(flags+after, syntax.Perl); err == nil && re.MaxCap() == 0 {
		after = "(" + after + ")" // without a group the colour would be part of the secret
	}
	r.Regex = &Pattern{source: flags + motionStart + after}
}

// widen replaces gitleaks' ending by that for motion, and reports whether r had it.
func (r *Rule) widen() bool {
	if r.Regex == nil || !strings.Contains(r.Regex.source, restEnd) {
		return false
	}
	r.Regex = &Pattern{source: strings.ReplaceAll(r.Regex.source, restEnd, motionEnd)}
	return true
}
