// A provisioner that shares nothing with the product but the contract in docs/provisioners.md.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

const account = "/var/run/secrets/kubernetes.io/serviceaccount/"

func main() {
	if err := run(); err != nil {
		_ = os.WriteFile("/dev/termination-log", []byte(err.Error()), 0o644)
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	switch action := os.Getenv("MENDIX_ACTION"); action {
	case "deprovision":
		// Nothing was made but the Secret, which goes with its owner.
		return nil
	case "provision":
		return create(secret())
	default:
		return fmt.Errorf("action %q is not known", action)
	}
}

// secret is right unless the plan's own variable asks for a mistake.
func secret() map[string]any {
	name, instance := os.Getenv("MENDIX_SECRET_NAME"), os.Getenv("MENDIX_STORAGE_INSTANCE")
	label := instance
	switch os.Getenv("MISTAKE") {
	case "name":
		name += "-other"
	case "label":
		label = "other"
	}
	return map[string]any{
		"apiVersion": "v1",
		"kind":       "Secret",
		"type":       "Opaque",
		"metadata": map[string]any{
			"name":      name,
			"namespace": os.Getenv("MENDIX_NAMESPACE"),
			"labels": map[string]string{
				"kubectl-mendix.io/environment":      os.Getenv("MENDIX_ENVIRONMENT"),
				"kubectl-mendix.io/storage-instance": label,
			},
			"ownerReferences": []map[string]any{{
				"apiVersion": "privatecloud.mendix.com/v1alpha1",
				"kind":       "StorageInstance",
				"name":       instance,
				"uid":        os.Getenv("MENDIX_STORAGE_INSTANCE_UID"),
			}},
		},
		"stringData": map[string]string{
			"database-type": "HSQLDB",
			"database-name": os.Getenv("MENDIX_ENVIRONMENT"),
		},
	}
}

func create(secret map[string]any) error {
	body, err := json.Marshal(secret)
	if err != nil {
		return err
	}
	token, err := os.ReadFile(account + "token")
	if err != nil {
		return err
	}
	client, err := client()
	if err != nil {
		return err
	}
	server := net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	url := fmt.Sprintf("https://%s/api/v1/namespaces/%s/secrets", server, os.Getenv("MENDIX_NAMESPACE"))
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+string(token))
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return judge(response)
}

func client() (*http.Client, error) {
	authority, err := os.ReadFile(account + "ca.crt")
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}, nil
}

// judge takes a Secret that is there already as made: the run before may have been killed after it.
func judge(response *http.Response) error {
	if response.StatusCode == http.StatusCreated || response.StatusCode == http.StatusConflict {
		return nil
	}
	var status struct{ Message string }
	text, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	_ = json.Unmarshal(text, &status)
	return fmt.Errorf("failed to create the Secret: HTTP %d: %s", response.StatusCode, status.Message)
}
