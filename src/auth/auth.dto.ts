import { ApiProperty } from '@nestjs/swagger';
import { IsEmail, IsString, Length, Matches, MaxLength } from 'class-validator';
import { IsPlainText } from '../platform/http/validation.js';
import { UserDto } from '../users/user.dto.js';

export class SignupDto {
  /**
   * 3 to 30 letters, digits, `_` or `-`; unique without regard to case.
   * @example ada
   */
  @IsString()
  @Matches(/^[A-Za-z0-9_-]{3,30}$/, { message: 'username must be 3 to 30 letters, digits, _ or -' })
  username!: string;

  /** @example ada@example.org */
  @IsEmail()
  @MaxLength(254)
  email!: string;

  /** 8 to 200 characters. */
  @ApiProperty({ example: 'correct horse battery' })
  @IsPlainText(8, 200)
  password!: string;
}

export class LoginDto {
  /**
   * Username or e-mail address.
   * @example ada
   */
  @IsPlainText(1, 254)
  login!: string;

  @ApiProperty({ example: 'correct horse battery' })
  @IsPlainText(1, 200)
  password!: string;
}

export class RefreshDto {
  /** The refresh token of the last login or refresh; each is good once. */
  @ApiProperty({ example: '2172782113333248004.1.Zk3v9bWl1mX0aJq7tYc2hD8uR5sEoPfNgLiKxVwBzQA' })
  @IsString()
  @Length(1, 200)
  refreshToken!: string;
}

/** Tokens and the user they belong to. */
export class SessionDto {
  user!: UserDto;
  /** Goes into `Authorization: Bearer …`. */
  accessToken!: string;
  /** Buys the next pair; using one twice ends the session. */
  refreshToken!: string;
  /** Seconds for which the access token is good. */
  @ApiProperty({ example: 900 })
  expiresIn!: number;
}
