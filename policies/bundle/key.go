package bundle

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	opa "github.com/open-policy-agent/opa/v1/bundle"
)

// Key verifies signatures.
type Key struct {
	// PEM is the public key or a certificate that has it.
	PEM []byte
	// Algorithm is that of the signatures, as RS256. Empty: RS256 for RSA, ES256,
	// ES384 or ES512 for the curves, EdDSA for Ed25519. It is never taken from the
	// signature.
	Algorithm string
}

// verification returns how OPA verifies, or nil if it does not.
func (o Options) verification() (*opa.VerificationConfig, error) {
	switch {
	case o.AllowUnsigned && len(o.Keys) > 0:
		return nil, errors.New("bundles: there are keys to verify with, and unsigned bundles are allowed; choose one")
	case o.AllowUnsigned:
		return nil, nil
	case len(o.Keys) == 0:
		return nil, errors.New("bundles: there is no key to verify them with; give one, or allow unsigned bundles in so many words")
	}
	if _, has := o.Keys[o.KeyID]; o.KeyID != "" && !has {
		return nil, fmt.Errorf("bundles: the key %q is not among the keys", o.KeyID)
	}
	keys := map[string]*opa.KeyConfig{}
	for id, key := range o.Keys {
		if id == "" {
			return nil, errors.New("bundles: a key needs an id, which signatures name")
		}
		algorithm, err := key.algorithm()
		if err != nil {
			return nil, fmt.Errorf("bundles: key %q: %w", id, err)
		}
		keys[id] = &opa.KeyConfig{Key: string(key.PEM), Algorithm: algorithm}
	}
	return opa.NewVerificationConfig(keys, o.KeyID, o.Scope, nil), nil
}

// algorithm checks the key and returns the algorithm of its signatures.
func (k Key) algorithm() (string, error) {
	block, _ := pem.Decode(k.PEM)
	if block == nil {
		return "", errors.New("not a public key in PEM form; HMAC is not accepted, since who can verify could sign")
	}
	var public any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		public, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		public, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var cert *x509.Certificate
		if cert, err = x509.ParseCertificate(block.Bytes); err == nil {
			public = cert.PublicKey
		}
	default:
		return "", fmt.Errorf("a PEM block of type %q; verifying needs the public key or a certificate", block.Type)
	}
	if err != nil {
		return "", errors.New("the PEM block does not hold the key it says")
	}
	return algorithm(public, k.Algorithm)
}

// algorithm returns want if it is for that kind of public key, or the usual one if
// want is empty.
func algorithm(public any, want string) (string, error) {
	var fit []string
	switch public := public.(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() < 2048 {
			return "", fmt.Errorf("an RSA key of %d bits is too short; use 2048 or more", public.N.BitLen())
		}
		fit = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case *ecdsa.PublicKey:
		switch public.Curve {
		case elliptic.P256():
			fit = []string{"ES256"}
		case elliptic.P384():
			fit = []string{"ES384"}
		case elliptic.P521():
			fit = []string{"ES512"}
		}
	case ed25519.PublicKey:
		fit = []string{"EdDSA"}
	}
	switch {
	case len(fit) == 0:
		return "", fmt.Errorf("a key of type %T cannot be used; there are RSA, P-256, P-384, P-521 and Ed25519", public)
	case want == "":
		return fit[0], nil
	case !slices.Contains(fit, want):
		return "", fmt.Errorf("the algorithm %q is not for this key; there are %s", want, strings.Join(fit, ", "))
	}
	return want, nil
}
