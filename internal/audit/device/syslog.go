package device

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

func checkSyslog(o *options) (func(io.Writer) (Device, error), int) {
	facility := facilityNumber(o.text("facility", "AUTH"))
	if facility < 0 {
		o.fail("facility", "%q is none of the facilities of syslog, as AUTH or LOCAL0", o.values["facility"])
	}
	tag := o.text("tag", "vault")
	if len(tag) > 48 || strings.ContainsFunc(tag, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' || r == '[' }) {
		o.fail("tag", "takes up to 48 printable characters without spaces, colons and brackets")
	}
	paths := []string{"/dev/log", "/var/run/syslog", "/var/run/log"}
	if address := o.values["address"]; address != "" {
		paths = []string{address}
	}
	var targets []target
	for _, path := range paths {
		targets = append(targets, target{"unixgram", path}, target{"unix", path})
	}
	const info = 6 // severity
	head := func() []byte {
		return fmt.Appendf(nil, "<%d>%s %s[%d]: ", facility*8+info, time.Now().Format(time.Stamp), tag, os.Getpid())
	}
	return func(io.Writer) (Device, error) {
		return &socket{targets: targets, timeout: 2 * time.Second, head: head}, nil
	}, messageLine
}

// facilityNumber returns the number of a facility of RFC 3164 §4.1.1, -1 if there is
// none of this name.
func facilityNumber(name string) int {
	names := []string{"KERN", "USER", "MAIL", "DAEMON", "AUTH", "SYSLOG", "LPR", "NEWS", "UUCP", "CRON", "AUTHPRIV", "FTP"}
	name = strings.ToUpper(name)
	if n, ok := strings.CutPrefix(name, "LOCAL"); ok && len(n) == 1 && n >= "0" && n <= "7" {
		return 16 + int(n[0]-'0')
	}
	return slices.Index(names, name)
}
