package mutate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxEquivalents is how long a list of equivalents may be in bytes.
const maxEquivalents = 1 << 20

// Equivalent is a mutant that survives and needs no test, because it decides as the
// original does.
type Equivalent struct {
	Path   string // of the policy, within its directory
	Mutant string // as Mutant.Change
	Reason string // for people
	Place  string // FILE:LINE where it is listed
}

// ParseEquivalents reads a list of equivalents, a YAML list of objects with the keys
// file, mutant and reason, all of them needed:
//
//   - file: access/access.rego
//     mutant: 'allow: drop input.subject.id'
//     reason: the schema has it always there
//
// Errors name name and the line.
func ParseEquivalents(text []byte, name string) ([]Equivalent, error) {
	if len(text) > maxEquivalents {
		return nil, fmt.Errorf("%s: larger than %d MiB", name, maxEquivalents>>20)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, more yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if decoder.Decode(&more) != io.EOF {
		return nil, fmt.Errorf("%s: more than one document", name)
	}
	list := document.Content[0]
	if list.Kind == yaml.ScalarNode && list.Tag == "!!null" {
		return nil, nil
	}
	if list.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("%s:%d: not a list", name, list.Line)
	}
	var all []Equivalent
	var errs []error
	for _, item := range list.Content {
		e, err := parseEquivalent(item, fmt.Sprintf("%s:%d", name, item.Line))
		if err == nil && slices.ContainsFunc(all, e.same) {
			err = fmt.Errorf("%s: listed twice", e.Place)
		}
		all, errs = append(all, e), append(errs, err)
	}
	return all, errors.Join(errs...)
}

func parseEquivalent(item *yaml.Node, place string) (Equivalent, error) {
	e := Equivalent{Place: place}
	if item.Kind != yaml.MappingNode {
		return e, fmt.Errorf("%s: not an object with file, mutant and reason", place)
	}
	fields := map[string]*string{"file": &e.Path, "mutant": &e.Mutant, "reason": &e.Reason}
	for i := 0; i < len(item.Content); i += 2 {
		key, value := item.Content[i], item.Content[i+1]
		field := fields[key.Value]
		switch {
		case field == nil:
			return e, fmt.Errorf("%s: unknown key %q at line %d; there are file, mutant, reason", place, key.Value, key.Line)
		case value.Kind != yaml.ScalarNode || value.Tag != "!!str" || strings.TrimSpace(value.Value) == "":
			return e, fmt.Errorf("%s: %s is not a text at line %d", place, key.Value, value.Line)
		case *field != "":
			return e, fmt.Errorf("%s: %s is there twice", place, key.Value)
		}
		*field = strings.TrimSpace(value.Value)
	}
	if e.Path == "" || e.Mutant == "" || e.Reason == "" {
		return e, fmt.Errorf("%s: file, mutant and reason are all needed", place)
	}
	return e, nil
}

func (e Equivalent) same(other Equivalent) bool {
	return e.Path == other.Path && e.Mutant == other.Mutant
}

// excuse moves the survivors that are listed to the equivalents. The error names the
// entries that fit no survivor, so that the list hides nothing and goes with the
// policies.
func (r *Report) excuse(list []Equivalent) error {
	var errs []error
	for _, e := range list {
		i := slices.IndexFunc(r.Survivors, func(m Mutant) bool { return m.Path == e.Path && m.Change == e.Mutant })
		if i < 0 {
			errs = append(errs, fmt.Errorf("%s: no mutant of %s survives that reads %q: it is killed, or gone; take the entry out", e.Place, e.Path, e.Mutant))
			continue
		}
		m := r.Survivors[i]
		m.Reason = e.Reason
		r.Equivalents = append(r.Equivalents, m)
		r.Survivors = slices.Delete(r.Survivors, i, i+1)
	}
	r.score()
	return errors.Join(errs...)
}
