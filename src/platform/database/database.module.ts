import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { Config } from '../config/config.js';
import { PrimaryDatabase, PrimaryPool } from './primary.js';
import { ShardRouter } from './shards.js';

@Global()
@Module({ providers: [PrimaryPool], exports: [PrimaryPool] })
class PrimaryPoolModule {}

/** The primary through one pool for raw statements and TypeORM alike, and the shards. Entities come from `forFeature`. */
@Global()
@Module({
  imports: [
    PrimaryPoolModule,
    TypeOrmModule.forRootAsync({
      imports: [PrimaryPoolModule],
      inject: [Config, PrimaryPool],
      useFactory: (config: Config, primary: PrimaryPool) => ({
        type: 'postgres' as const,
        url: config.database.primaryUrl,
        driver: { ...pg, Pool: sharedPool(primary.pool) },
        autoLoadEntities: true,
        retryAttempts: 5,
        retryDelay: 1_000,
        logging: ['warn' as const],
      }),
      dataSourceFactory: async (options) => {
        if (!options) throw new Error('no data source options');
        return new DataSource(options).initialize();
      },
    }),
  ],
  providers: [PrimaryDatabase, ShardRouter],
  exports: [PrimaryDatabase, ShardRouter],
})
export class DatabaseModule {}

/** A constructor that hands TypeORM the pool which there is already, so that one bound holds for both. */
function sharedPool(pool: pg.Pool): typeof pg.Pool {
  return function SharedPool() {
    return pool;
  } as unknown as typeof pg.Pool;
}
