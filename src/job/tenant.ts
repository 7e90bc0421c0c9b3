/** Tenants: for whom limits and the fair queue count. */

declare const brand: unique symbol;

/** A user, or where none is named the network address that the request came from. */
export type Tenant = string & { [brand]: true };

/** The tenant of a request: its user, else its address, else the one that all the nameless share. */
export function tenantOf(owner: string | undefined, address: string | undefined): Tenant {
  return (owner === undefined ? `address:${address ?? 'unknown'}` : `user:${owner}`) as Tenant;
}

/** The user of a tenant; undefined where it is an address. */
export function userOf(tenant: string): string | undefined {
  return tenant.startsWith('user:') ? tenant.slice('user:'.length) : undefined;
}
