package set

import (
	"strconv"
	"strings"
)

// Styles write the name of a field, which is given in snake case.

func snake(field string) string { return field }

func upper(field string) string { return strings.ToUpper(field) }

func dotted(field string) string { return strings.ReplaceAll(field, "_", ".") }

func camel(field string) string {
	words := strings.Split(field, "_")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}

// Escapes write a value as a kind of file needs it.

func backslashes(value string) string {
	quoted := strconv.Quote(value)
	return quoted[1 : len(quoted)-1]
}

func entities(value string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(value)
}

func quoted(value string) string {
	if strings.ContainsAny(value, " \"=\n") {
		return strconv.Quote(value)
	}
	return value
}
