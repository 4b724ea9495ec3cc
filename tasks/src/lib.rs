//! Task pods: provision, deprovision, build; and the layer code as a library.
