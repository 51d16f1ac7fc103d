package check

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// shapes give the outline of a text in a format: what must be the same in input
// and output. An error means that the text is not of the format.
var shapes = map[string]func(text []byte) ([]string, error){
	"text":      shapeText,
	"utf-16":    shapeUTF16,
	"jsonl":     shapeJSONLines,
	"sse":       shapeEvents,
	"url":       shapeURLs,
	"header":    shapeHeader,
	"csv":       shapeCSV,
	"xml":       shapeXML,
	"yaml":      shapeYAML,
	"multipart": shapeMultipart,
	"cri":       shapeCRI,
	"docker":    shapeDocker,
}

// parse reports how the output departs from the format, or from the outline of the input.
func parse(format string, input, output []byte) error {
	shape, ok := shapes[format]
	if !ok {
		return fmt.Errorf("unknown format")
	}
	want, err := shape(input)
	if err != nil {
		return fmt.Errorf("the input itself does not parse: %w", err)
	}
	got, err := shape(output)
	if err != nil {
		return err
	}
	if !slices.Equal(want, got) {
		return errors.New("the outline has changed")
	}
	return nil
}

// shapeText holds that text stays text. Lines may be joined: a key of several
// lines may become one placeholder.
func shapeText(text []byte) ([]string, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("no UTF-8")
	}
	return nil, nil
}

// shapeUTF16 holds that UTF-16 with a byte order mark stays that.
func shapeUTF16(text []byte) ([]string, error) {
	if len(text) < 2 || len(text)%2 != 0 {
		return nil, errors.New("not made of pairs of bytes")
	}
	order := "little"
	if text[0] == 0xfe {
		order = "big"
	}
	units := make([]uint16, len(text)/2)
	for i := range units {
		units[i] = uint16(text[2*i]) | uint16(text[2*i+1])<<8
		if order == "big" {
			units[i] = units[i]<<8 | units[i]>>8
		}
	}
	decoded := string(utf16.Decode(units))
	if !strings.HasPrefix(decoded, "\ufeff") || strings.ContainsRune(decoded, utf8.RuneError) {
		return nil, errors.New("not well formed")
	}
	return []string{order}, nil
}

// shapeJSONLines gives the paths and types of each record; a string that holds
// JSON counts by what is in it.
func shapeJSONLines(text []byte) (outline []string, err error) {
	for line := range bytes.Lines(text) {
		var value any
		if err := json.Unmarshal(line, &value); err != nil {
			return nil, fmt.Errorf("a line is no JSON: %w", err)
		}
		outline = append(outline, shapeOf(value)...)
	}
	return outline, nil
}

// shapeOf gives the paths and types of a JSON value, in the order of the names.
func shapeOf(value any) (outline []string) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			for _, path := range shapeOf(inner) {
				outline = append(outline, "."+name+path)
			}
		}
		slices.Sort(outline)
	case []any:
		for _, inner := range v {
			for _, path := range shapeOf(inner) {
				outline = append(outline, "[]"+path)
			}
		}
	case string:
		var inner map[string]any
		if json.Unmarshal([]byte(v), &inner) == nil {
			return shapeOf(inner)
		}
		return []string{" string"}
	default:
		return []string{fmt.Sprintf(" %T", value)}
	}
	return outline
}

// shapeEvents gives the fields of server-sent events, and the outline of their data.
func shapeEvents(text []byte) (outline []string, err error) {
	for line := range bytes.Lines(text) {
		name, data, ok := strings.Cut(strings.TrimRight(string(line), "\r\n"), ": ")
		if !ok && name != "" {
			return nil, errors.New("a line is no field of an event")
		}
		outline = append(outline, name)
		if name == "data" {
			inner, err := shapeJSONLines([]byte(data))
			if err != nil {
				return nil, err
			}
			outline = append(outline, inner...)
		}
	}
	return outline, nil
}

var urlStart = regexp.MustCompile(`[a-z][a-z0-9+]*://[^\s"]+`)

// shapeURLs gives of each URL scheme, user, host, length of the path and names of
// the query.
func shapeURLs(text []byte) (outline []string, err error) {
	for _, found := range urlStart.FindAllString(string(text), -1) {
		u, err := url.Parse(found)
		if err != nil {
			return nil, errors.New("a URL does not parse") // url's error shows the URL
		}
		query, err := url.ParseQuery(u.RawQuery)
		if err != nil {
			return nil, errors.New("a query does not parse")
		}
		names := []string{}
		for name, values := range query {
			names = append(names, fmt.Sprint(name, len(values)))
		}
		slices.Sort(names)
		_, secured := u.User.Password()
		outline = append(outline, fmt.Sprint(u.Scheme, u.User.Username(), secured, u.Host, strings.Count(u.EscapedPath(), "/"), names))
	}
	if len(outline) == 0 {
		return nil, errors.New("no URL")
	}
	return outline, nil
}

// shapeHeader gives the first line and names of an HTTP message, and the parts of
// those values that have parts.
func shapeHeader(text []byte) (outline []string, err error) {
	r := textproto.NewReader(bufio.NewReader(bytes.NewReader(text)))
	first, err := r.ReadLine()
	if err != nil {
		return nil, err
	}
	header, err := r.ReadMIMEHeader()
	if err != nil {
		return nil, errors.New("malformed header")
	}
	outline = append(outline, first)
	for name := range header {
		value := header.Get(name)
		shape := name
		switch name {
		case "Authorization":
			words := strings.Split(value, " ")
			shape += fmt.Sprint(words[0], len(words))
		case "Cookie", "Set-Cookie":
			for _, part := range strings.Split(value, ";") {
				key, inner, set := strings.Cut(strings.TrimSpace(part), "=")
				if strings.ContainsAny(inner, " \"\\,") {
					return nil, errors.New("malformed cookie")
				}
				shape += fmt.Sprint(";", key, set)
			}
		}
		outline = append(outline, shape)
	}
	slices.Sort(outline[1:])
	return outline, nil
}

// shapeCSV gives the number of fields of each record.
func shapeCSV(text []byte) (outline []string, err error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	records, err := r.ReadAll()
	for _, record := range records {
		outline = append(outline, fmt.Sprint(len(record)))
	}
	return outline, err
}

// shapeXML gives elements and names of attributes.
func shapeXML(text []byte) (outline []string, err error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return outline, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			outline = append(outline, t.Name.Local)
			for _, a := range t.Attr {
				outline = append(outline, "@"+a.Name.Local)
			}
		case xml.EndElement:
			outline = append(outline, "/"+t.Name.Local)
		}
	}
}

var yamlLine = regexp.MustCompile(`^( *)([A-Za-z_]+):(?: +([^\s"'].*|"(?:[^"\\]|\\.)*"|'[^']*'))?$`)

// shapeYAML gives the keys and their depth of the plain YAML that the exam uses.
func shapeYAML(text []byte) (outline []string, err error) {
	for line := range strings.Lines(string(text)) {
		m := yamlLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil || strings.HasPrefix(m[3], "[") || strings.Contains(m[3], ": ") && m[3][0] != '"' {
			return nil, errors.New("a line is no key with a plain or quoted value")
		}
		outline = append(outline, m[1]+m[2])
	}
	return outline, nil
}

// shapeMultipart gives the names of the parts.
func shapeMultipart(text []byte) (outline []string, err error) {
	first, _, _ := strings.Cut(string(text), "\r\n")
	r := multipart.NewReader(bytes.NewReader(text), strings.TrimPrefix(first, "--"))
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return outline, nil
		}
		if err != nil {
			return nil, err
		}
		if _, err := io.Copy(io.Discard, part); err != nil {
			return nil, err
		}
		outline = append(outline, part.FormName())
	}
}

// shapeCRI holds that each line has its frame. Frames may be joined.
func shapeCRI(text []byte) ([]string, error) {
	for line := range bytes.Lines(text) {
		if !criFrame.Match(line) {
			return nil, errors.New("a line has no frame")
		}
	}
	return nil, nil
}

// shapeDocker holds that each line is a record of the json-file log. Records may be
// joined.
func shapeDocker(text []byte) ([]string, error) {
	for line := range bytes.Lines(text) {
		var record struct{ Log, Stream, Time string }
		if err := json.Unmarshal(line, &record); err != nil || record.Stream == "" || record.Time == "" {
			return nil, errors.New("a line is no record")
		}
	}
	return nil, nil
}
