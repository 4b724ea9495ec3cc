// Command secrets-store-stand-in is what the Secrets Store CSI driver of a test node works beside: the program that
// makes the driver known to the kubelet, and a provider of secrets.
//
// Both are ours because neither can be had: the module proxy does not serve node-driver-registrar, and a released
// provider needs the store that it asks. The driver between them, which is what the tests are about, is the real one.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/grpc"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
	"sigs.k8s.io/secrets-store-csi-driver/provider/v1alpha1"
)

func main() {
	driver := flag.String("driver", "", "socket that the driver listens on")
	kubelet := flag.String("registration", "", "socket to make in the kubelet's folder of plugin registrations")
	provider := flag.String("provider", "", "socket to make in the driver's folder of providers")
	flag.Parse()
	if err := run(*driver, *kubelet, *provider); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until a signal comes, or one of the two fails.
func run(driver, kubelet, provider string) error {
	stopped, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	failed := make(chan error, 2)
	// The provider comes first: a kubelet that knows the driver may mount at once.
	stores := grpc.NewServer()
	v1alpha1.RegisterCSIDriverProviderServer(stores, standIn{})
	if err := serve(stores, provider, failed); err != nil {
		return err
	}
	defer stores.Stop()
	plugins := grpc.NewServer()
	registration.RegisterRegistrationServer(plugins, registrar{endpoint: driver})
	if err := serve(plugins, kubelet, failed); err != nil {
		return err
	}
	defer plugins.Stop()
	select {
	case err := <-failed:
		return err
	case <-stopped.Done():
		return nil
	}
}

// serve listens on a socket, in place of the one that a killed process has left.
func serve(server *grpc.Server, socket string, failed chan<- error) error {
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		return err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	go func() { failed <- server.Serve(listener) }()
	return nil
}
