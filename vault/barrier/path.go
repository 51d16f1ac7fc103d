package barrier

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kind says what a record is. It is the one part of a path that can be read in the
// store, and stands first there, so that all records of a kind lie together.
type Kind byte

// The kinds of records. [Kinds] has a line of words for each.
const (
	KindSystem   Kind = 's'
	KindPolicy   Kind = 'p'
	KindIdentity Kind = 'i'
	KindToken    Kind = 't'
	KindAccessor Kind = 'a'
	KindExpiry   Kind = 'x'
	KindData     Kind = 'd'
	KindMeta     Kind = 'm'
	KindAudit    Kind = 'u'
)

// The kinds of what the barrier keeps for itself, no path can have them.
const (
	kindKeyring Kind = 'K' // the keyring, under the root key
	kindPending Kind = 'P' // a keyring that has not been verified yet
	kindCount   Kind = 'C' // how often a data key was used
	kindClear   Kind = 'S' // in the clear, see ClearKey
)

// KindInfo is a line of the table of kinds.
type KindInfo struct {
	Kind Kind
	Name string
	Doc  string
}

// kinds is never written to. A new kind is a constant and a line here.
var kinds = [...]KindInfo{
	{KindSystem, "system", "mounts, auth methods, tuning, quotas, audit devices"},
	{KindPolicy, "policy", "ACL policies"},
	{KindIdentity, "identity", "entities, groups, aliases, OIDC"},
	{KindToken, "token", "tokens, by a keyed hash of their id"},
	{KindAccessor, "accessor", "from accessors to tokens"},
	{KindExpiry, "expiry", "what ends when"},
	{KindData, "data", "what engines and auth methods keep, by mount"},
	{KindMeta, "meta", "metadata of secrets, by mount"},
	{KindAudit, "audit", "signed checkpoints of audit files"},
}

// Kinds returns the kinds a path can have.
func Kinds() []KindInfo { return slices.Clone(kinds[:]) }

// String returns the kind's name, for errors.
func (k Kind) String() string {
	for _, info := range kinds {
		if info.Kind == k {
			return info.Name
		}
	}
	return fmt.Sprintf("kind %#x", byte(k))
}

// Path is where a record lies.
type Path struct {
	Kind  Kind
	Mount [16]byte // whose it is, readable in the store; zero for the system's
	// Name is the segments with "/" between them: "team/db/password". Empty, it is a
	// record that the mount has one of. A segment is of any bytes, but not empty.
	Name string
}

// String shows the path to people, in errors.
func (p Path) String() string {
	return fmt.Sprintf("%s %s of mount %s", p.Kind, quoteName(p.Name), hex.EncodeToString(p.Mount[:]))
}

func quoteName(name string) string {
	if len(name) > 256 {
		name = name[:256] + "…"
	}
	return fmt.Sprintf("%q", name)
}

// ErrPath is a path that no record can have.
var ErrPath = errors.New("barrier: not a path")

// segments returns the parts of the name, none for the empty one.
func (p Path) segments() ([]string, error) {
	if !slices.ContainsFunc(kinds[:], func(info KindInfo) bool { return info.Kind == p.Kind }) {
		return nil, fmt.Errorf("%w: %s is not in the table of kinds", ErrPath, p.Kind)
	}
	if p.Name == "" {
		return nil, nil
	}
	parts := strings.Split(p.Name, "/")
	for _, part := range parts {
		if part == "" {
			return nil, fmt.Errorf("%w: %s has an empty segment", ErrPath, quoteName(p.Name))
		}
	}
	return parts, nil
}

// ClearKey returns the key in [storage.Store] of a record that lies outside the
// barrier and in the clear: what a seal needs to find the root key before anything
// is open. Put no secret there. The barrier neither reads nor changes such records;
// the functions given to Initialize and Rekey can, together with the keyring.
func ClearKey(name string) []byte { return append([]byte{byte(kindClear)}, name...) }
