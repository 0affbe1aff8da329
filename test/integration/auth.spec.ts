import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../src/users/accounts.js';
import { Client } from '../support/client.js';
import { TestApp } from '../support/test-app.js';

describe('accounts and sessions', () => {
  let app: TestApp;
  let other: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ LOGIN_ATTEMPTS: '3' });
    other = await TestApp.start({ ROLES: 'http' }, app.environment);
  });
  afterAll(async () => {
    await other.stop();
    await app.stop();
  });

  const logIn = (login: string, password: string) =>
    app.anonymous().post('/v1/auth/login', { login, password });
  const refresh = (refreshToken: string) => app.anonymous().post('/v1/auth/refresh', { refreshToken });

  it('takes a username once, whatever its case, and an e-mail address too', async () => {
    await app.signUp('Ada');
    const again = { username: 'aDA', email: 'other@example.org', password: 'correct horse battery' };
    expect((await app.anonymous().post('/v1/auth/signup', again)).body.type).toBe(
      'urn:sluice:problem:username-taken',
    );
    const mail = { ...again, username: 'ada2', email: 'ADA@example.org' };
    expect((await app.anonymous().post('/v1/auth/signup', mail)).body.type).toBe(
      'urn:sluice:problem:email-taken',
    );
  });

  it('gives one of many concurrent sign-ups the name', async () => {
    const attempts = Array.from({ length: 8 }, (_, i) =>
      app.anonymous().post('/v1/auth/signup', {
        username: 'Racer',
        email: `racer${i}@example.org`,
        password: 'long enough',
      }),
    );
    const statuses = (await Promise.all(attempts)).map(({ status }) => status).sort();
    expect(statuses).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
  });

  it('logs in by username or e-mail address, and tells a stranger nothing', async () => {
    await app.signUp('grace');
    for (const login of ['GRACE', 'grace@EXAMPLE.org']) {
      expect((await logIn(login, 'correct horse battery')).body.user.username).toBe('grace');
    }
    const wrong = await logIn('grace', 'wrong password');
    const nobody = await logIn('nobody-at-all', 'wrong password');
    expect([wrong.status, nobody.status]).toEqual([401, 401]);
    expect({ ...wrong.body, requestId: '' }).toEqual({ ...nobody.body, requestId: '' });
    expect(JSON.stringify(wrong.body)).not.toContain('argon2');
  });

  it('stops guessing after so many attempts, for that account alone', async () => {
    await app.signUp('target');
    await app.signUp('bystander');
    for (let attempt = 0; attempt < 3; attempt++)
      expect((await logIn('target', 'guess number n')).status).toBe(401);
    const refused = await logIn('Target', 'correct horse battery');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await logIn('bystander', 'correct horse battery')).status).toBe(200);
  });

  it('rotates refresh tokens, and ends the session in every process when one is used twice', async () => {
    const { body } = await app.anonymous().post('/v1/auth/signup', {
      username: 'rotator',
      email: 'rotator@example.org',
      password: 'correct horse battery',
    });
    const second = await refresh(body.refreshToken);
    expect(second.status).toBe(200);
    const elsewhere = new Client(other.url, second.body.accessToken);
    expect((await elsewhere.get('/v1/me')).status).toBe(200);

    expect((await refresh(body.refreshToken)).status).toBe(401);
    expect((await refresh(second.body.refreshToken)).status).toBe(401);
    expect((await new Client(app.url, second.body.accessToken).get('/v1/me')).status).toBe(401);
    await expect.poll(async () => (await elsewhere.get('/v1/me')).status, { timeout: 5_000 }).toBe(401);
  });

  it('lets one of two concurrent trades of a token through at most', async () => {
    const user = { username: 'twins', email: 'twins@example.org', password: 'correct horse battery' };
    const { body } = await app.anonymous().post('/v1/auth/signup', user);
    const trades = await Promise.all([refresh(body.refreshToken), refresh(body.refreshToken)]);
    expect(trades.map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  it('does not take an invented token for a stolen one', async () => {
    const user = { username: 'unharmed', email: 'unharmed@example.org', password: 'correct horse battery' };
    const { body } = await app.anonymous().post('/v1/auth/signup', user);
    const [session] = body.refreshToken.split('.');
    expect((await refresh(`${session}.1.AAAA`)).status).toBe(401);
    expect((await refresh(`${session}.9.AAAA`)).status).toBe(401);
    expect((await refresh(body.refreshToken)).status).toBe(200);
  });

  it('ends a session at logout', async () => {
    const user = await app.signUp('leaver');
    expect((await user.post('/v1/auth/logout')).status).toBe(204);
    expect((await user.get('/v1/me')).status).toBe(401);
  });

  it('asks the database for the role, at each request of an admin route', async () => {
    const user = await app.signUp('climber');
    expect((await user.get('/v1/admin/gate')).status).toBe(403);
    await app.get(Accounts).setRole('CLIMBER', 'admin');
    expect((await user.get('/v1/admin/gate')).status).toBe(200);
    await app.get(Accounts).setRole('climber', 'user');
    expect((await user.get('/v1/admin/gate')).status).toBe(403);
    expect((await app.anonymous().get('/v1/admin/gate')).status).toBe(401);
  });
});
