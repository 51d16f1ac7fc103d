package device

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of max_line, in bytes. A part of an entry needs half of the least for what
// stands around it, and a verifier takes lines up to 32 MiB.
const (
	minMaxLine = 1 << 10
	maxMaxLine = 16 << 20
)

// Defaults of max_line, in bytes.
const (
	streamLine = 1 << 20
	// messageLine is for what travels in one datagram: rsyslog's default limit is 8 KiB.
	messageLine = 7 << 10
)

// options reads the options of one device and collects what is wrong with them.
type options struct {
	values map[string]string
	kind   Kind
	errs   []error
}

func (o *options) fail(name, format string, args ...any) {
	o.errs = append(o.errs, fmt.Errorf("option %s: %s", name, fmt.Sprintf(format, args...)))
}

func (o *options) text(name, otherwise string) string {
	if v := o.values[name]; v != "" {
		return v
	}
	return otherwise
}

func (o *options) required(name string) string {
	v := o.values[name]
	if v == "" {
		o.fail(name, "is needed")
	}
	return v
}

func (o *options) truth(name string, otherwise bool) bool {
	v, ok := o.values[name]
	if !ok || v == "" {
		return otherwise
	}
	b, err := strconv.ParseBool(v)
	if err != nil {
		o.fail(name, "%q is neither true nor false", v)
	}
	return b
}

// duration reads 2s or a number of seconds.
func (o *options) duration(name string, otherwise time.Duration) time.Duration {
	v := o.values[name]
	if v == "" {
		return otherwise
	}
	d, err := time.ParseDuration(v)
	if seconds, errNumber := strconv.Atoi(v); errNumber == nil {
		d, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || d <= 0 || d > time.Hour {
		o.fail(name, "%q is no time up to an hour, as 2s", v)
	}
	return d
}

func (o *options) common(maxLine int) Common {
	c := Common{
		Raw:           o.truth("log_raw", false),
		PlainAccessor: !o.truth("hmac_accessor", true),
		ElideLists:    o.truth("elide_list_responses", false),
		Prefix:        o.prefix(),
		MaxLine:       maxLine,
	}
	if format := o.text("format", "json"); format != "json" {
		o.fail("format", "%q is not written, only json", format)
	}
	if v := o.values["max_line"]; v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < minMaxLine || n > maxMaxLine {
			o.fail("max_line", "%q is no number of bytes from %d to %d", v, minMaxLine, maxMaxLine)
		}
		c.MaxLine = n
	}
	return c
}

// prefix takes little: a file that anybody reads as more than a log must not be made
// with it.
func (o *options) prefix() string {
	const max, marks = 64, "@:._=[]-" + " "
	p := o.values["prefix"]
	other := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(marks, r)
	}
	if len(p) > max || strings.ContainsFunc(p, other) {
		o.fail("prefix", "takes at most %d letters, digits, spaces and any of %s", max, strings.TrimSpace(marks))
	}
	return p
}

// err returns what was wrong, unknown options included.
func (o *options) err() error {
	known := slices.Concat(o.kind.Options, CommonOptions())
	for _, name := range slices.Sorted(maps.Keys(o.values)) {
		if !slices.ContainsFunc(known, func(k [2]string) bool { return k[0] == name }) {
			var names []string
			for _, k := range known {
				names = append(names, k[0])
			}
			o.fail(name, "is not known; there are %s", strings.Join(names, ", "))
		}
	}
	return errors.Join(o.errs...)
}
