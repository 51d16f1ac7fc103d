package axes

import (
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// inQuotes escapes for a double-quoted string of JSON, Go and YAML.
func inQuotes(s string) string {
	quoted := quote(s)
	return quoted[1 : len(quoted)-1]
}

func logfmtValue(s string) string {
	if strings.ContainsAny(s, " =\"\n\r\\") {
		return strconv.Quote(s)
	}
	return s
}

func pythonString(s string) string {
	return strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`).Replace(s)
}

func inQuery(s string) string { return url.QueryEscape(s) }

func inPath(s string) string { return url.PathEscape(s) }

// inUserinfo escapes for the password of a URL.
func inUserinfo(s string) string {
	return strings.TrimPrefix(url.UserPassword("", s).String(), ":")
}

func libpqValue(s string) string {
	return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s)
}

func adoValue(s string) string { return strings.ReplaceAll(s, "}", "}}") }

func inXML(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic(err) // a builder takes everything
	}
	return b.String()
}

func csvField(s string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.UseCRLF = strings.Contains(s, "\r\n") // else the writer drops the \r
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if err := w.Write([]string{s}); err != nil {
		panic(err) // a builder takes everything
	}
	w.Flush()
	return strings.TrimRight(b.String(), "\r\n")
}

// framed is an input with the span of the secret in it.
type framed struct {
	text     string
	from, to int
}

// cut returns the middle of the secret, moved to the border of a character.
func (f framed) cut() int {
	at := (f.from + f.to) / 2
	for at < f.to && f.text[at]&0xC0 == 0x80 {
		at++
	}
	return at
}

// reframe writes the records of f anew: pieces of lines, of which last tells
// whether the line ends there. The line in which the middle of the secret is comes
// in two pieces.
func (f framed) reframe(record func(piece string, last bool) string) framed {
	out := framed{from: -1}
	var b strings.Builder
	offset := 0
	for line := range strings.Lines(f.text) {
		end := offset + len(line)
		if out.from < 0 && f.from < end {
			out.from = b.Len()
		}
		line = strings.TrimSuffix(line, "\n")
		if at := f.cut() - offset; at > 0 && at < len(line) {
			b.WriteString(record(line[:at], false))
			line = line[at:]
		}
		b.WriteString(record(line, true))
		if offset < f.to {
			out.to = b.Len()
		}
		offset = end
	}
	out.text = b.String()
	return out
}

// cri writes the log format of container runtimes: a line too long comes in
// pieces marked P, the last one F.
func cri(f framed) framed {
	n := 0
	return f.reframe(func(piece string, last bool) string {
		n++
		mark := "P"
		if last {
			mark = "F"
		}
		return fmt.Sprintf("2026-03-02T08:15:01.%09dZ stdout %s %s\n", n*1201, mark, piece)
	})
}

// docker writes the json-file log: the last piece of a line ends with a newline.
func docker(f framed) framed {
	n := 0
	return f.reframe(func(piece string, last bool) string {
		n++
		if last {
			piece += "\n"
		}
		return fmt.Sprintf("{\"log\":%s,\"stream\":\"stdout\",\"time\":\"2026-03-02T08:15:01.%09dZ\"}\n", quote(piece), n*1201)
	})
}
