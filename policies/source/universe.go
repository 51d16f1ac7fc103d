package source

// Universe are the principals and resources that questions about everybody are
// asked about (who-can, diff, invariants), besides those that grants name.
type Universe struct {
	Principals []UniversePrincipal
	Resources  []UniverseResource
}

// UniversePrincipal is somebody who may ask.
type UniversePrincipal struct {
	Type   string // workload (the default) or human
	ID     string
	Keys   []string // all principal keys; the id itself if there are none
	Groups []string
	MFA    bool // whether a second factor is given
}

// UniverseResource is something that may be asked for.
type UniverseResource struct {
	Path        string
	Environment string
	Class       string
	Owner       string
	Kind        string
}

// ParseUniverse reads the text of a universe.yaml that errors call file.
func ParseUniverse(text []byte, file string) (Universe, error) {
	var u Universe
	err := decode(text, file, &u)
	return u, err
}
