// Package device holds the places where audit lines go: a file, the standard output,
// the system's log, a socket. Each is one file here and one entry of [Kinds]. Options
// have the names that Vault gives them. A device only carries lines; what stands in
// them, how they are chained and what happens when a device fails is the business of
// the packages above.
package device

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Device takes lines. It is used by one goroutine at a time; only Reopen may be called
// from any.
type Device interface {
	// Write delivers whole lines, each with its newline. After an error the caller
	// delivers all of them again; only a durable device promises that none is there
	// then, others may have passed some on.
	Write(lines []byte) error
	// Durable reports whether lines are on a disk when Write returns nil.
	Durable() bool
	// Last returns the last line that the device has kept from earlier runs, without
	// its newline; nil for none, or if it does not keep any.
	Last() ([]byte, error)
	// Reopen makes the next Write begin with a file or connection of its own.
	Reopen()
	// Close gives the device up.
	Close() error
}

// Spec is a device with its options, checked but not opened.
type Spec struct {
	Common
	kind Kind
	o    *options
}

// Common are the options that every device has. They say what stands in its lines.
type Common struct {
	Raw           bool   // log_raw: nothing is hashed
	PlainAccessor bool   // not hmac_accessor: token accessors are not hashed
	ElideLists    bool   // elide_list_responses: lists are given by their length
	Prefix        string // prefix: text before each entry
	MaxLine       int    // max_line, ours: bytes after which an entry is split
}

// Kind is a type of device.
type Kind struct {
	Name string
	Doc  string
	// Options are the names it takes, beside those of every device, with their meaning.
	Options [][2]string

	// check reads the options; the function it returns opens the device. maxLine is the
	// default of max_line in bytes.
	check func(o *options) (opener func(stdout io.Writer) (Device, error), maxLine int)
}

// Kinds returns the types of devices there are.
func Kinds() []Kind {
	return []Kind{
		{"file", "appends to a file on the server and waits until it is on the disk", [][2]string{
			{"file_path", "the file; stdout and discard are no files but what they say"},
			{"mode", "permissions of the file, octal; 0000 leaves them as they are (0600)"},
		}, checkFile},
		{"stdout", "writes to the standard output of the server", nil, checkStdout},
		{"syslog", "sends to the log of the system", [][2]string{
			{"facility", "facility of the messages (AUTH)"},
			{"tag", "name in the messages (vault)"},
			{"address", "its socket, where it is not one of the usual ones"},
		}, checkSyslog},
		{"socket", "sends to a socket", [][2]string{
			{"address", "host:port, or the path of a Unix socket"},
			{"socket_type", "tcp, udp, unix or unixgram (tcp)"},
			{"write_timeout", "how long a write may take (2s)"},
		}, checkSocket},
	}
}

// CommonOptions returns the options that every device takes, with their meaning.
func CommonOptions() [][2]string {
	return [][2]string{
		{"log_raw", "write values as they are, not hashed (false)"},
		{"hmac_accessor", "hash token accessors (true)"},
		{"elide_list_responses", "write the length of lists instead of their keys (false)"},
		{"prefix", "text before each entry"},
		{"format", "json, the only one"},
		{"max_line", "bytes after which an entry is written in parts"},
	}
}

// Check reads the options of a device. Unknown ones and wrong values are errors.
func Check(kind string, values map[string]string) (*Spec, error) {
	kinds := Kinds()
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == kind })
	if i < 0 {
		var names []string
		for _, k := range kinds {
			names = append(names, k.Name)
		}
		return nil, fmt.Errorf("there is no audit device of type %q; the types are %s", kind, strings.Join(names, ", "))
	}
	o := &options{values: values, kind: kinds[i]}
	s := &Spec{kind: kinds[i], o: o}
	_, maxLine := s.kind.check(o)
	s.Common = o.common(maxLine)
	if err := o.err(); err != nil {
		return nil, fmt.Errorf("audit device of type %s: %w", kind, err)
	}
	return s, nil
}

// Open opens the device. Lines for the standard output go to stdout.
func (s *Spec) Open(stdout io.Writer) (Device, error) {
	opener, _ := s.kind.check(s.o)
	return opener(stdout)
}
