package rules

import "strings"

// Example is a text that a rule must find a secret in.
type Example struct {
	Text       string
	Start, End int // bytes of Text that are the secret
}

// exampleFile is how a rules file writes an example: in parts, which are joined,
// so that no secret stands in one piece in the file. The part that is a list
// itself is the secret.
type exampleFile []any

// example joins the parts, and says what is wrong with them.
func (f exampleFile) example() (e Example, problem string) {
	e.Start = -1
	for _, part := range f {
		switch part := part.(type) {
		case string:
			e.Text += part
		case []any:
			if e.Start >= 0 {
				return e, "two of its parts are lists: one is the secret"
			}
			e.Start = len(e.Text)
			for _, piece := range part {
				text, ok := piece.(string)
				if !ok {
					return e, "its secret is a list of strings"
				}
				e.Text += text
			}
			e.End = len(e.Text)
		default:
			return e, "its parts are strings, and the secret a list of strings"
		}
	}
	if e.Start == e.End || e.Start < 0 {
		return e, "one of its parts has to be a list, the secret"
	}
	return e, ""
}

// joinParts joins the parts of every counter-example.
func joinParts(list [][]string) (texts []string) {
	for _, parts := range list {
		texts = append(texts, strings.Join(parts, ""))
	}
	return texts
}
