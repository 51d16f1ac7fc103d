package redact

import (
	"fmt"
	"strings"
)

// Style is what is done with a secret.
type Style uint8

// The styles; [Style.Doc] says what each does.
const (
	Placeholder Style = iota
	Partial
	Fixed
	Length
	Sealed
	Drop
	Block
)

// styles is what the help of the commands and the errors of the configuration are
// printed from.
var styles = [...]struct{ name, doc string }{
	Placeholder: {"placeholder", "[REDACTED:<name>:<tag>]: what was found, and a keyed tag that is equal for equal secrets"},
	Partial:     {"partial", "a placeholder that shows a token's public prefix, and its last 4 characters if 112 bits stay hidden"},
	Fixed:       {"fixed", "[REDACTED] and nothing more"},
	Length:      {"length", "as many asterisks as the secret has bytes, for formats that count them; line ends stay"},
	Sealed:      {"sealed", "[SEALED:<name>:<ciphertext>]: encrypted to a public key, so that only the store can open it"},
	Drop:        {"drop", "nothing: the secret is left out"},
	Block:       {"block", "the stream ends with an error before the secret"},
}

// Styles returns all styles, the default first.
func Styles() []Style {
	all := make([]Style, len(styles))
	for i := range all {
		all[i] = Style(i)
	}
	return all
}

// ParseStyle returns the style of that name.
func ParseStyle(name string) (Style, error) {
	names := make([]string, len(styles))
	for i, s := range styles {
		if s.name == name {
			return Style(i), nil
		}
		names[i] = s.name
	}
	return 0, fmt.Errorf("no style %q; there are %s", name, strings.Join(names, ", "))
}

// String returns the style's name.
func (s Style) String() string {
	if int(s) < len(styles) {
		return styles[s].name
	}
	return fmt.Sprintf("style %d", uint8(s))
}

// Doc returns one line on what the style writes, empty for no style.
func (s Style) Doc() string {
	if int(s) < len(styles) {
		return styles[s].doc
	}
	return ""
}
