package rules

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/zricethezav/gitleaks/v8/config"
)

// rulesFile is the form of a rules file. Names are matched without regard to
// case, as in gitleaks.
type rulesFile struct {
	Title       string
	Description string
	MinVersion  string
	Extend      extendFile
	Rules       []ruleFile
	Allowlist   *globalAllowlistFile // the older form of Allowlists
	Allowlists  []globalAllowlistFile
}

type extendFile struct {
	Path          string
	URL           string
	UseDefault    bool
	DisabledRules []string
}

type ruleFile struct {
	ID          string
	Description string
	Path        string
	Regex       string
	SecretGroup int
	Entropy     float64
	Keywords    []string
	Tags        []string
	Allowlist   *allowlistFile // the older form of Allowlists
	Allowlists  []allowlistFile
	Required    []struct {
		ID            string
		WithinLines   *int
		WithinColumns *int
	}
	SkipReport bool

	// What gitleaks' format does not have.
	Carriers        []string
	Examples        []exampleFile
	CounterExamples [][]string
}

type allowlistFile struct {
	Description string
	Condition   string
	Commits     []string
	Paths       []string
	RegexTarget string
	Regexes     []string
	StopWords   []string
}

type globalAllowlistFile struct {
	TargetRules []string
	allowlistFields
}

// allowlistFields lets a global allowlist share the fields of a rule's.
type allowlistFields = allowlistFile

// loading is what a file is read for, and what stands before it.
type loading struct {
	carrier Carriers // rules that are not for it are left out
	base    *Ruleset // what a file extends that does not say so; may be nil
	depth   int      // of files that extend each other
}

// reader turns one file into a ruleset.
type reader struct {
	loading
	name string
	text []byte
	// trusted expressions are not checked; those of the default rules are, by a test.
	trusted bool
}

// errorf returns an error at the line of the key at path.
func (r *reader) errorf(path, format string, args ...any) error {
	if n := linesOf(r.text).of(path); n > 0 {
		return fmt.Errorf("%s:%d: "+format, append([]any{r.name, n}, args...)...)
	}
	return fmt.Errorf("%s: "+format, append([]any{r.name}, args...)...)
}

func parse(name string, text []byte, l loading) (*Ruleset, error) {
	var file rulesFile
	dec := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		return nil, describe(name, err)
	}
	r := &reader{l, name, text, string(text) == config.DefaultConfig}
	base, err := file.Extend.base(name, l)
	if err != nil {
		return nil, r.errorf("extend", "%w", err)
	}
	set := &Ruleset{Title: file.Title}
	for i := range file.Rules {
		path := fmt.Sprintf("rules[%d]", i)
		rule, err := r.rule(path, &file.Rules[i])
		if err != nil {
			return nil, err
		}
		if set.Rule(rule.ID) != nil {
			return nil, r.errorf(path, "rule %q is defined twice", rule.ID)
		}
		if rule.Carriers.has(l.carrier) {
			set.Rules = append(set.Rules, rule)
		}
	}
	if base != nil {
		set.extend(base, file.Extend.DisabledRules)
	}
	for i, f := range file.Rules {
		if rule := set.Rule(f.ID); rule != nil {
			if err := r.check(fmt.Sprintf("rules[%d]", i), set, rule); err != nil {
				return nil, err
			}
		}
	}
	if err := r.allowlists(&file, set); err != nil {
		return nil, err
	}
	if base != nil {
		set.Allowlists = append(set.Allowlists, base.Allowlists...)
		set.Warnings = append(set.Warnings, base.Warnings...)
	}
	slices.SortFunc(set.Rules, func(a, b *Rule) int { return strings.Compare(a.ID, b.ID) })
	return set, nil
}

// describe gives a decoder's error a file, a line and, for an unknown key, what
// to do about it. It quotes keys, never values.
func describe(name string, err error) error {
	var missing *toml.StrictMissingError
	if errors.As(err, &missing) && len(missing.Errors) > 0 {
		line, _ := missing.Errors[0].Position()
		key := strings.Join(missing.Errors[0].Key(), ".")
		return fmt.Errorf("%s:%d: unknown key %q: check its spelling against gitleaks' configuration format", name, line, key)
	}
	var syntax *toml.DecodeError
	if errors.As(err, &syntax) {
		line, column := syntax.Position()
		return fmt.Errorf("%s:%d:%d: %s", name, line, column, strings.TrimPrefix(syntax.Error(), "toml: "))
	}
	return fmt.Errorf("%s: %w", name, err)
}

func (r *reader) pattern(path, source string) (*Pattern, error) {
	if source == "" {
		return nil, nil
	}
	if r.trusted {
		return &Pattern{source: source}, nil
	}
	p, err := NewPattern(source)
	if err != nil {
		return nil, r.errorf(path, "%s: %v", path[strings.LastIndexByte(path, '.')+1:], err)
	}
	return p, nil
}

func (r *reader) patterns(path string, sources []string) (*Pattern, error) {
	list := make([]*Pattern, 0, len(sources))
	for _, s := range sources {
		p, err := r.pattern(path, s)
		if err != nil {
			return nil, err
		}
		if p == nil {
			return nil, r.errorf(path, "an empty expression would allow everything")
		}
		list = append(list, p)
	}
	return joinPatterns(list), nil
}

func (r *reader) rule(path string, f *ruleFile) (rule *Rule, err error) {
	if strings.TrimSpace(f.ID) == "" {
		return nil, r.errorf(path, "a rule needs an id")
	}
	rule = &Rule{ID: f.ID, Description: f.Description, SecretGroup: f.SecretGroup, Entropy: f.Entropy,
		Keywords: lower(f.Keywords), Tags: f.Tags, SkipReport: f.SkipReport}
	if rule.Regex, err = r.pattern(path+".regex", f.Regex); err != nil {
		return nil, err
	}
	if rule.Path, err = r.pattern(path+".path", f.Path); err != nil {
		return nil, err
	}
	if f.Allowlist != nil {
		if len(f.Allowlists) > 0 {
			return nil, r.errorf(path+".allowlist", "rule %q has both allowlist and allowlists: keep allowlists", f.ID)
		}
		f.Allowlists = append(f.Allowlists, *f.Allowlist)
	}
	for i := range f.Allowlists {
		at := fmt.Sprintf("%s.allowlists[%d]", path, i)
		if f.Allowlist != nil {
			at = path + ".allowlist"
		}
		list, err := r.allowlist(at, &f.Allowlists[i])
		if err != nil {
			return nil, err
		}
		rule.Allowlists = append(rule.Allowlists, list)
	}
	for _, q := range f.Required {
		if q.ID == "" {
			return nil, r.errorf(path, "rule %q requires a rule without an id", f.ID)
		}
		rule.Required = append(rule.Required, Required{q.ID, q.WithinLines, q.WithinColumns})
	}
	return rule, r.extras(path, f, rule)
}

// extras reads the keys that gitleaks' format does not have.
func (r *reader) extras(path string, f *ruleFile, rule *Rule) error {
	for _, name := range f.Carriers {
		carrier, ok := carrierNames[name]
		if !ok {
			return r.errorf(path+".carriers", "carrier %q is not one of scan, motion", name)
		}
		rule.Carriers |= carrier
	}
	for i, parts := range f.Examples {
		e, problem := parts.example()
		if problem != "" {
			return r.errorf(path+".examples", "example %d of rule %q: %s", i+1, rule.ID, problem)
		}
		rule.Examples = append(rule.Examples, e)
	}
	rule.CounterExamples = joinParts(f.CounterExamples)
	return nil
}

// check holds a rule, after extension, to what makes it able to match.
func (r *reader) check(path string, set *Ruleset, rule *Rule) error {
	if rule.Regex == nil && rule.Path == nil {
		return r.errorf(path, "rule %q has neither regex nor path and would never match", rule.ID)
	}
	if rule.Regex != nil && rule.SecretGroup != 0 {
		if groups := rule.Regex.Regexp().NumSubexp(); rule.SecretGroup < 0 || rule.SecretGroup > groups {
			return r.errorf(path+".secretgroup", "rule %q: secretGroup is %d but its regex has %d groups", rule.ID, rule.SecretGroup, groups)
		}
	}
	for _, q := range rule.Required {
		if set.Rule(q.RuleID) == nil {
			return r.errorf(path, "rule %q requires rule %q, which does not exist", rule.ID, q.RuleID)
		}
	}
	return nil
}

func (r *reader) allowlists(f *rulesFile, set *Ruleset) error {
	if f.Allowlist != nil {
		if len(f.Allowlists) > 0 {
			return r.errorf("allowlist", "both allowlist and allowlists are given: keep allowlists")
		}
		f.Allowlists = append(f.Allowlists, *f.Allowlist)
	}
	for i := range f.Allowlists {
		at := fmt.Sprintf("allowlists[%d]", i)
		if f.Allowlist != nil {
			at = "allowlist"
		}
		list, err := r.allowlist(at, &f.Allowlists[i].allowlistFields)
		if err != nil {
			return err
		}
		if len(f.Allowlists[i].TargetRules) == 0 {
			set.Allowlists = append(set.Allowlists, list)
		}
		for _, id := range f.Allowlists[i].TargetRules {
			rule := set.Rule(id)
			if rule == nil {
				return r.errorf(at, "targetRules names rule %q, which does not exist", id)
			}
			rule.Allowlists = append(rule.Allowlists, list)
		}
	}
	return nil
}

func (r *reader) allowlist(path string, f *allowlistFile) (list *Allowlist, err error) {
	if len(f.Commits)+len(f.Paths)+len(f.Regexes)+len(f.StopWords) == 0 {
		return nil, r.errorf(path, "an allowlist needs at least one of commits, paths, regexes, stopwords")
	}
	list = &Allowlist{Description: f.Description, Commits: lower(f.Commits), Stopwords: lower(f.StopWords)}
	switch strings.ToUpper(f.Condition) {
	case "", "OR", "||":
	case "AND", "&&":
		list.All = true
	default:
		return nil, r.errorf(path+".condition", "condition %q is not one of and, or", f.Condition)
	}
	switch f.RegexTarget {
	case "", "secret":
	case "match":
		list.Target = TargetMatch
	case "line":
		list.Target = TargetLine
	default:
		return nil, r.errorf(path+".regextarget", "regexTarget %q is not one of secret, match, line", f.RegexTarget)
	}
	if list.Paths, err = r.patterns(path+".paths", f.Paths); err != nil {
		return nil, err
	}
	if list.Regexes, err = r.patterns(path+".regexes", f.Regexes); err != nil {
		return nil, err
	}
	return list, nil
}

// lower returns the words lower-cased, trimmed and without repetition.
func lower(words []string) []string {
	var out []string
	seen := make(map[string]bool, len(words))
	for _, w := range words {
		if w = strings.ToLower(w); !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out
}
