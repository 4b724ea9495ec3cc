use super::super::observe::Observed;
use crate::runtime::plan::tests::{observed, of, plan, runtime};
use mendix_model::crd::OperatorConfigurationSpec;
use serde_json::json;

#[test]
#[expect(clippy::too_many_lines, reason = "the object as a whole is what is held")]
fn the_pod_template_is_this() {
    let configuration = OperatorConfigurationSpec {
        runtime_readiness_probe: serde_json::from_value(json!({"periodSeconds": 5})).expect("probe"),
        ..OperatorConfigurationSpec::default()
    };
    let plan = plan(
        &runtime(),
        &Observed {
            configuration,
            account: true,
            ..observed()
        },
    );
    let template = of(&plan, "shop-worker")
        .and_then(|it| it.spec.as_ref())
        .map(|spec| &spec.template);
    insta::assert_yaml_snapshot!(template, @r#"
    metadata:
      annotations:
        kubectl-mendix.io/database: database-1
        kubectl-mendix.io/leader-selection: assigned
      labels:
        app: shop
        component: mendix-app
        kubectl-mendix.io/component: runtime
        kubectl-mendix.io/environment: shop
        kubectl-mendix.io/model: one
        kubectl-mendix.io/role: worker
        node-type: worker
        privatecloud.mendix.com/app: shop
        privatecloud.mendix.com/component: mendix-app
    spec:
      automountServiceAccountToken: false
      containers:
        - command:
            - /run/mendix/guard/mendix
            - guard
            - run
          env:
            - name: MENDIX_ROLE
              value: worker
            - name: MENDIX_COMMAND
              value: "[\"/opt/mendix/app/mxruntime.sh\"]"
            - name: M2EE_ADMIN_PASS
              valueFrom:
                secretKeyRef:
                  key: adminpassword
                  name: shop-m2ee
            - name: M2EE_ADMIN_PORT
              value: "9000"
            - name: M2EE_ADMIN_LISTEN_ADDRESSES
              value: 127.0.0.1
            - name: M2EE_RUNTIME_PORT
              value: "8080"
            - name: MENDIX_LEASE
              value: "{\"leaderSelection\":\"assigned\",\"model\":\"one\",\"owner\":{\"cluster\":\"cluster-1\",\"environment\":\"shop\",\"namespace\":\"prod\"}}"
          image: "registry/shop@sha256:1"
          livenessProbe:
            failureThreshold: 3
            httpGet:
              path: /m2ee-sidecar/v1/livez
              port: 8800
            initialDelaySeconds: 60
            periodSeconds: 15
            timeoutSeconds: 3
          name: mendix
          ports:
            - containerPort: 8080
              name: mendix-app
              protocol: TCP
            - containerPort: 8800
              name: probes
              protocol: TCP
            - containerPort: 8900
              name: metrics
              protocol: TCP
          readinessProbe:
            failureThreshold: 3
            httpGet:
              path: /m2ee-sidecar/v1/readyz
              port: 8800
            initialDelaySeconds: 5
            periodSeconds: 5
            timeoutSeconds: 1
          resources:
            limits:
              cpu: 1000m
              ephemeral-storage: 256Mi
              memory: 512Mi
            requests:
              cpu: 100m
              ephemeral-storage: 256Mi
              memory: 512Mi
          securityContext:
            allowPrivilegeEscalation: false
            capabilities:
              drop:
                - ALL
            readOnlyRootFilesystem: false
          volumeMounts:
            - mountPath: /run/mendix/guard
              name: guard
              readOnly: true
            - mountPath: /tmp
              name: tmp
              readOnly: false
            - mountPath: /run/mendix/configuration
              name: configuration
              readOnly: true
            - mountPath: /run/mendix/database
              name: database
              readOnly: true
            - mountPath: /run/mendix/file
              name: file
              readOnly: true
      enableServiceLinks: false
      initContainers:
        - command:
            - /mendix
            - guard
            - install
            - /run/mendix/guard
          image: "mendix:1"
          name: guard-install
          resources:
            limits:
              cpu: 250m
              ephemeral-storage: 64Mi
              memory: 64Mi
            requests:
              cpu: 10m
              ephemeral-storage: 64Mi
              memory: 16Mi
          securityContext:
            allowPrivilegeEscalation: false
            capabilities:
              drop:
                - ALL
            readOnlyRootFilesystem: true
          volumeMounts:
            - mountPath: /run/mendix/guard
              name: guard
              readOnly: false
      schedulingGates:
        - name: kubectl-mendix.io/gate
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      serviceAccountName: shop
      terminationGracePeriodSeconds: 303
      tolerations:
        - effect: NoSchedule
          key: kubectl-mendix.io/environment
          operator: Equal
          value: shop
      volumes:
        - emptyDir:
            sizeLimit: 64Mi
          name: guard
        - emptyDir: {}
          name: tmp
        - name: configuration
          secret:
            secretName: shop-configuration-654a03db11
        - name: database
          secret:
            secretName: shop-database-09f735719c
        - name: file
          secret:
            secretName: shop-file-225ae7b4c3
    "#);
}
