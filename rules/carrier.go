package rules

import "slices"

// Carriers is a set of the ways on which text comes to be searched. A rule that is
// of use on one and a nuisance on another says which it is meant for.
type Carriers uint8

// The carriers. The zero value means every one.
const (
	ForScan   Carriers = 1 << iota // text at rest: files, history, archives
	ForMotion                      // text that passes by: logs, requests, responses, messages
)

// carrierNames are the names of the carriers in a rules file.
var carrierNames = map[string]Carriers{"scan": ForScan, "motion": ForMotion}

// Names returns the names of the carriers, sorted; none for the zero value.
func (c Carriers) Names() (names []string) {
	for name, carrier := range carrierNames {
		if c&carrier != 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// has reports whether a rule for c is to be used on a carrier.
func (c Carriers) has(carrier Carriers) bool { return c == 0 || c&carrier != 0 }
