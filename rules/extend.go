package rules

import "fmt"

// extend adds the rules of base. A rule that both have keeps base's form where
// the extension leaves a field unset; its tags, keywords, allowlists and required
// rules are added to base's. Allowlists of the whole set are the caller's to add.
func (s *Ruleset) extend(base *Ruleset, disabled []string) {
	off := make(map[string]bool, len(disabled))
	for _, id := range disabled {
		off[id] = true
		if base.Rule(id) == nil {
			s.Warnings = append(s.Warnings, fmt.Sprintf("disabledRules names rule %q, which the extended rules do not have", id))
		}
	}
	for _, b := range base.Rules {
		if off[b.ID] {
			continue
		}
		if own := s.Rule(b.ID); own != nil {
			own.inherit(b)
		} else {
			s.Rules = append(s.Rules, b)
		}
	}
}

// inherit completes r by b, the rule of the same ID in the extended set.
func (r *Rule) inherit(b *Rule) {
	if r.Description == "" {
		r.Description = b.Description
	}
	if r.Entropy == 0 {
		r.Entropy = b.Entropy
	}
	if r.SecretGroup == 0 {
		r.SecretGroup = b.SecretGroup
	}
	if r.Regex == nil {
		r.Regex = b.Regex
	}
	if r.Path == nil {
		r.Path = b.Path
	}
	r.Tags = join(b.Tags, r.Tags)
	r.Keywords = join(b.Keywords, r.Keywords)
	r.Allowlists = join(b.Allowlists, r.Allowlists)
	r.Required = join(b.Required, r.Required)
	r.SkipReport = b.SkipReport
	if r.Carriers == 0 {
		r.Carriers = b.Carriers
	}
}

func join[T any](a, b []T) []T { return append(append([]T(nil), a...), b...) }
