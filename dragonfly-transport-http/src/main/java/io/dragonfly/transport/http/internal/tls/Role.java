package io.dragonfly.transport.http.internal.tls;

import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import javax.naming.NamingException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * What the holder of a certificate may do where both sides show one. A certificate names its roles
 * as organizational units (OU) of its subject; one that names none is a peer's.
 */
public enum Role {
  /** Registers at supernodes, and takes and gives pieces; supernodes have it, too. */
  PEER("dragonfly-peer"),
  /** Makes operators' calls without their token, and reads metrics. */
  OPERATOR("dragonfly-operator"),
  /** Reads metrics. */
  SCRAPER("dragonfly-scraper");

  private final String unit;

  Role(String unit) {
    this.unit = unit;
  }

  /** Returns the organizational unit that stands for it. */
  public String unit() {
    return unit;
  }

  /** Returns the roles that a certificate names, or else that of a peer. */
  static Set<Role> of(X509Certificate certificate) {
    Set<Role> roles = EnumSet.noneOf(Role.class);
    try {
      LdapName subject = new LdapName(certificate.getSubjectX500Principal().getName());
      for (Rdn part : subject.getRdns()) {
        var units = part.toAttributes().get("OU");
        for (int i = 0; units != null && i < units.size(); i++) {
          add(String.valueOf(units.get(i)), roles);
        }
      }
    } catch (NamingException e) {
      return Set.of(); // a name that cannot be read gives no right
    }
    return roles.isEmpty() ? Set.of(PEER) : Collections.unmodifiableSet(roles);
  }

  private static void add(String unit, Set<Role> roles) {
    for (Role role : values()) {
      if (role.unit.equals(unit)) {
        roles.add(role);
      }
    }
  }
}
