package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Config is data.config: what an operator sets without writing Rego. Its JSON form
// is what policies read; config/data.yaml says what each key means.
type Config struct {
	Access    *AccessConfig    `json:"access,omitempty"`
	Redaction *RedactionConfig `json:"redaction,omitempty"`
	Rotation  *RotationConfig  `json:"rotation,omitempty"`
	Gate      *GateConfig      `json:"gate,omitempty"`
	// Custom is free for policies of your own, as data.config.custom.
	Custom map[string]any `json:"custom,omitempty"`
}

// AccessConfig sets the access policy.
type AccessConfig struct {
	Environments map[string]Environment `json:"environments"`
	// RevealNeedsMFA asks people for a second factor before they are shown a
	// secret. Unset means yes.
	RevealNeedsMFA *bool            `json:"reveal_needs_mfa,omitempty" yaml:"reveal_needs_mfa"`
	BreakGlass     BreakGlassConfig `json:"break_glass" yaml:"break_glass"`
}

// Environment is a stage that secrets belong to, as "prod".
type Environment struct {
	Frozen bool `json:"frozen"` // nothing is written, deleted or rotated
}

// BreakGlassConfig sets access in an emergency.
type BreakGlassConfig struct {
	TicketRequired *bool `json:"ticket_required,omitempty" yaml:"ticket_required"` // unset means yes
}

// RotationConfig sets the ages of secrets, by class. The class "default" counts for
// secrets without one of these.
type RotationConfig struct {
	Classes        map[string]RotationClass `json:"classes"`
	DynamicSystems []string                 `json:"dynamic_systems" yaml:"dynamic_systems"` // for which static secrets are a finding
}

// RotationClass are the limits of a class, in days.
type RotationClass struct {
	MaxAgeDays      int `json:"max_age_days" yaml:"max_age_days"`
	WarnDays        int `json:"warn_days" yaml:"warn_days"` // before the end of max_age_days
	UnusedDays      int `json:"unused_days" yaml:"unused_days"`
	MaxLiveVersions int `json:"max_live_versions" yaml:"max_live_versions"`
}

// GateConfig says which findings fail a build.
type GateConfig struct {
	FailOn  []string `json:"fail_on" yaml:"fail_on"` // severities
	Waivers []Waiver `json:"waivers"`
}

// Waiver lets one finding pass until it expires.
type Waiver struct {
	Fingerprint string `json:"fingerprint"`
	Reason      string `json:"reason"`
	Owner       string `json:"owner"`
	ExpiresAt   Time   `json:"expires_at" yaml:"expires_at"`
}

// ParseConfig reads the text of a config/data.yaml that errors call file.
func ParseConfig(text []byte, file string) (Config, error) {
	var c Config
	ends, err := readRuleEnds(text, file)
	if err != nil {
		return c, err
	}
	if err := decode(text, file, &c); err != nil {
		return c, err
	}
	ends.mark(c.Redaction)
	return c, c.check(file)
}

// Or returns c with what it lacks taken from defaults: parts, and of the gate and the
// rotation what would otherwise let findings pass.
func (c Config) Or(defaults Config) Config {
	c.Access = or(c.Access, defaults.Access)
	c.Redaction = or(c.Redaction, defaults.Redaction)
	if c.Gate = or(c.Gate, defaults.Gate); c.Gate != nil && c.Gate.FailOn == nil && defaults.Gate != nil {
		c.Gate = &GateConfig{FailOn: defaults.Gate.FailOn, Waivers: c.Gate.Waivers}
	}
	if c.Rotation = or(c.Rotation, defaults.Rotation); c.Rotation != nil && defaults.Rotation != nil {
		r := *c.Rotation
		if _, ok := r.Classes["default"]; !ok {
			r.Classes = maps.Clone(r.Classes)
			if r.Classes == nil {
				r.Classes = map[string]RotationClass{}
			}
			r.Classes["default"] = defaults.Rotation.Classes["default"]
		}
		if r.DynamicSystems == nil {
			r.DynamicSystems = defaults.Rotation.DynamicSystems
		}
		c.Rotation = &r
	}
	return c
}

func or[T any](part, otherwise *T) *T {
	if part == nil {
		return otherwise
	}
	return part
}

func (c Config) check(file string) error {
	return errors.Join(or(c.Redaction, &RedactionConfig{}).check(file), or(c.Rotation, &RotationConfig{}).check(file), or(c.Gate, &GateConfig{}).check(file))
}

func (c *RotationConfig) check(file string) error {
	var errs []error
	for name, class := range c.Classes {
		if class.MaxAgeDays <= 0 || class.WarnDays < 0 || class.UnusedDays <= 0 || class.MaxLiveVersions <= 0 {
			errs = append(errs, fmt.Errorf("%s: rotation.classes.%s: max_age_days, unused_days and max_live_versions are positive numbers, warn_days is not negative", file, name))
		}
	}
	return errors.Join(errs...)
}

func (c *GateConfig) check(file string) error {
	var errs []error
	for _, severity := range c.FailOn {
		if !slices.Contains(Severities(), severity) {
			errs = append(errs, fmt.Errorf("%s: gate.fail_on: unknown severity %q; there are low, medium, high, critical", file, severity))
		}
	}
	return errors.Join(errs...)
}

// Severities are those of findings, the mildest first.
func Severities() []string { return []string{"low", "medium", "high", "critical"} }

// Data returns the configuration as plain values, as data.config has it.
func (c Config) Data() (map[string]any, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("custom configuration: %w", err)
	}
	var data map[string]any
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.UseNumber()
	return data, dec.Decode(&data)
}

// Time is a moment written as a date and time or in seconds since 1970; policies
// see the seconds. Zero is no time.
type Time int64

// UnmarshalYAML reads either form.
func (t *Time) UnmarshalYAML(node *yaml.Node) error {
	var seconds int64
	if node.Decode(&seconds) == nil {
		*t = Time(seconds)
		return nil
	}
	var date time.Time
	err := node.Decode(&date)
	if err != nil { // in quotes, as JSON has it
		date, err = time.Parse(time.DateOnly, node.Value)
	}
	if err != nil {
		return fmt.Errorf("line %d: not a time; write 2027-01-31 or 2027-01-31T12:00:00Z", node.Line)
	}
	*t = Time(date.Unix())
	return nil
}
