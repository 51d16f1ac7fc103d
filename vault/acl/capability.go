package acl

// Operation is what a request does, in the words of Vault's audit entries.
type Operation string

// The operations that a document can grant. Revoke, Renew and Rollback need
// update; Help needs nothing. Every other word is refused.
const (
	Create    Operation = "create"
	Read      Operation = "read"
	Update    Operation = "update"
	Patch     Operation = "patch"
	Delete    Operation = "delete"
	List      Operation = "list"
	Scan      Operation = "scan"      // OpenBao's recursive list
	Subscribe Operation = "subscribe" // follow events of a path
	Recover   Operation = "recover"   // bring back from a snapshot
	Revoke    Operation = "revoke"
	Renew     Operation = "renew"
	Rollback  Operation = "rollback"
	Help      Operation = "help"
)

// capability is the place of a word in the order that answers list them in.
type capability uint8

const (
	create capability = iota
	remove
	deny
	list
	patch
	read
	recovery
	scan
	subscribe
	sudo
	update
	capabilities // how many there are
)

// words spells the capabilities as documents and answers do.
var words = [capabilities]string{
	create: "create", remove: "delete", deny: "deny", list: "list", patch: "patch", read: "read",
	recovery: "recover", scan: "scan", subscribe: "subscribe", sudo: "sudo", update: "update",
}

// set is a set of capabilities, one bit each.
type set uint16

// only is the set of these capabilities.
func only(all ...capability) (s set) {
	for _, c := range all {
		s |= 1 << c
	}
	return s
}

func (s set) has(c capability) bool { return s&(1<<c) != 0 }

// words spells the set in alphabetical order; the empty set is "deny", as in
// the answers of sys/capabilities.
func (s set) words() []string {
	if s.has(deny) || s == 0 {
		return []string{words[deny]}
	}
	var spelled []string
	for c := range capabilities {
		if s.has(c) {
			spelled = append(spelled, words[c])
		}
	}
	return spelled
}

// capabilityOf reads one word of a document.
func capabilityOf(word string) (capability, bool) {
	for c := range capabilities {
		if words[c] == word {
			return c, true
		}
	}
	return 0, false
}

// legacy gives the capabilities of the setting `policy = "…"` that documents had
// before capabilities.
func legacy(word string) (set, bool) {
	switch word {
	case "deny":
		return only(deny), true
	case "read":
		return only(read, list), true
	case "write":
		return only(create, read, update, remove, list), true
	case "sudo":
		return only(create, read, update, remove, list, sudo), true
	}
	return 0, false
}

// needs is the capability that the operation asks for.
func (o Operation) needs() (capability, bool) {
	switch o {
	case Revoke, Renew, Rollback:
		return update, true
	case Create, Read, Update, Patch, Delete, List, Scan, Subscribe, Recover:
		return capabilityOf(string(o))
	}
	return 0, false
}

// constrained reports whether the parameters of a document apply to the
// operation: Vault looks at none when it lists or deletes.
func (o Operation) constrained() bool {
	switch o {
	case Read, Create, Update, Patch, Recover:
		return true
	}
	return false
}
