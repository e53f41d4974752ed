package gogen

import "testing"

func TestIdentifier(t *testing.T) {
	for text, want := range map[string]string{
		"data-mesher": "DataMesher", "useSSL": "UseSSL", "id": "ID", "repoUrl": "RepoURL", "802.1x": "X8021x",
		"SSLCert": "SSLCert", "a,b": "AB", "http2": "Http2",
		"": "X", "-": "X", "日本": "X日本", "ünï": "Ünï", "a\xffb": "AB", "type": "Type", "machine-id": "MachineID",
	} {
		if got := identifier(text); got != want {
			t.Errorf("%q is %s, not %s", text, got, want)
		}
	}
}
