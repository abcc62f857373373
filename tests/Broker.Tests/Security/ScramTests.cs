using System.Security.Cryptography;
using System.Text;
using Streams.Broker.Security;

namespace Streams.Broker.Tests.Security;

/// <summary>SCRAM by its letters, and the file of users.</summary>
public sealed class ScramTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("broker-users-");

    private string UsersFile => Path.Combine(_folder.FullName, "users");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void The_example_of_RFC_7677_is_right()
    {
        // User "user", password "pencil", the salt, the nonces and the proofs as in section 3.
        var salt = Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ==");
        var (stored, server) = ScramMechanism.Sha256.Keys("pencil", salt, 4096);
        var credential = new ScramCredential(ScramMechanism.Sha256, 4096, salt, stored, server);
        const string nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        var messages = $"n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={nonce}";
        Assert.True(credential.IsProof(Convert.FromBase64String("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="), messages));
        Assert.Equal("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", Convert.ToBase64String(credential.ServerSignature(messages)));
    }

    [Theory]
    [InlineData("SCRAM-SHA-256")]
    [InlineData("SCRAM-SHA-512")]
    public void A_client_that_knows_the_password_gets_in_and_the_broker_proves_itself(string mechanism)
    {
        var users = Users(("a,b=c", mechanism, "secret"));
        var exchange = SaslExchange.Create(mechanism, users)!;
        var (final, signature) = ClientFinal(mechanism, exchange, "n,,", "n=a=2Cb=3Dc,r=abc", "secret");
        var done = exchange.Take(Encoding.UTF8.GetBytes(final));
        Assert.Equal("a,b=c", done.User);
        Assert.Equal($"v={signature}", Encoding.UTF8.GetString(done.Reply));
    }

    [Fact]
    public void Every_change_of_the_last_message_is_refused()
    {
        var users = Users(("alice", "SCRAM-SHA-256", "secret"));
        var length = ClientFinal("SCRAM-SHA-256", SaslExchange.Create("SCRAM-SHA-256", users)!, "n,,", "n=alice,r=abc", "secret").Final.Length;
        for (var i = 0; i < length; i++)
        {
            var exchange = SaslExchange.Create("SCRAM-SHA-256", users)!;
            var final = ClientFinal("SCRAM-SHA-256", exchange, "n,,", "n=alice,r=abc", "secret").Final.ToCharArray();
            if (final[i] == '=' && i > length - 3) continue; // padding of the proof
            final[i] = final[i] == 'A' ? 'B' : 'A';
            var step = exchange.Take(Encoding.UTF8.GetBytes(final));
            Assert.True(step.HasFailed && step.User is null, $"byte {i}");
        }
    }

    [Fact]
    public void A_proof_in_other_letters_is_refused()
    {
        const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        var users = Users(("alice", "SCRAM-SHA-256", "secret"));
        for (var added = 1; added < 4; added++)
        {
            var exchange = SaslExchange.Create("SCRAM-SHA-256", users)!;
            var final = ClientFinal("SCRAM-SHA-256", exchange, "n,,", "n=alice,r=abc", "secret").Final.ToCharArray();
            // 32 bytes leave two bits of the letter before the padding without a meaning.
            final[^2] = Letters[Letters.IndexOf(final[^2], StringComparison.Ordinal) + added];
            Assert.True(exchange.Take(Encoding.UTF8.GetBytes(final)).HasFailed, $"{added}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("n,,")]
    [InlineData("n,,n=alice")]
    [InlineData("n,,n=,r=abc")]
    [InlineData("n,,n=alice,r=")]
    [InlineData("p=tls-unique,,n=alice,r=abc")]
    [InlineData("n,a=bob,n=alice,r=abc")]
    [InlineData("n,,m=1,n=alice,r=abc")]
    [InlineData("n,,n=al=ice,r=abc")]
    [InlineData("n,,n=alice,r=abc,tokenauth=true")]
    public void A_wrong_first_message_is_refused(string message) =>
        Assert.True(SaslExchange.Create("SCRAM-SHA-256", Users(("alice", "SCRAM-SHA-256", "secret")))!.Take(Encoding.UTF8.GetBytes(message)).HasFailed);

    [Fact]
    public void A_name_that_is_not_known_gets_the_same_salt_each_time_and_fails_at_the_end()
    {
        var users = Users(("alice", "SCRAM-SHA-256", "secret"));
        var salts = Enumerable.Range(0, 2).Select(_ => Encoding.UTF8.GetString(SaslExchange.Create("SCRAM-SHA-256", users)!.Take("n,,n=bob,r=x"u8).Reply).Split(',')[1]).ToList();
        Assert.Equal(salts[0], salts[1]);
        var exchange = SaslExchange.Create("SCRAM-SHA-256", users)!;
        Assert.True(exchange.Take(Encoding.UTF8.GetBytes(ClientFinal("SCRAM-SHA-256", exchange, "n,,", "n=bob,r=x", "secret").Final)).HasFailed);
        Assert.False(users.IsPassword("bob", "secret"));
    }

    [Fact]
    public void The_file_holds_no_password_and_is_its_owners_alone()
    {
        SaslUsersFile.Set(UsersFile, "alice", "SCRAM-SHA-256", "secret-word");
        SaslUsersFile.Set(UsersFile, "alice", "SCRAM-SHA-512", "secret-word");
        SaslUsersFile.Set(UsersFile, "alice", "SCRAM-SHA-256", "another");
        var text = File.ReadAllText(UsersFile);
        Assert.DoesNotContain("secret-word", text);
        Assert.DoesNotContain(Convert.ToBase64String("another"u8), text);
        Assert.Equal(2, text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(UsersFile));
        var users = new SaslUsers(SaslUsersFile.Read(UsersFile));
        Assert.True(users.IsPassword("alice", "another"));
        Assert.False(users.IsPassword("alice", "secret-word"));
    }

    [Theory]
    [InlineData("alice")]
    [InlineData("alice PLAIN secret")]
    [InlineData("alice SCRAM-SHA-256 iterations=1000,salt=AAAA,stored_key=AAAA,server_key=AAAA")]
    [InlineData("alice SCRAM-SHA-256 iterations=4096,salt=AAAA,stored_key=AAAA,server_key=AAAA")]
    public void A_wrong_line_is_named(string line)
    {
        File.WriteAllText(UsersFile, $"# users\n\n{line}\n");
        Assert.Contains("line 3", Assert.Throws<InvalidDataException>(() => SaslUsersFile.Read(UsersFile)).Message);
    }

    [Fact]
    public void Names_and_passwords_that_cannot_be_kept_are_refused()
    {
        foreach (var name in new[] { "", "a b", "#a", "a\n" }) Assert.Throws<ArgumentException>(() => SaslUsersFile.Set(UsersFile, name, "SCRAM-SHA-256", "x"));
        Assert.Throws<ArgumentException>(() => SaslUsersFile.Set(UsersFile, "a", "SCRAM-SHA-256", ""));
        Assert.Throws<ArgumentException>(() => SaslUsersFile.Set(UsersFile, "a", "PLAIN", "x"));
    }

    private SaslUsers Users(params (string Name, string Mechanism, string Password)[] users)
    {
        foreach (var (name, mechanism, password) in users) SaslUsersFile.Set(UsersFile, name, mechanism, password);
        return new SaslUsers(SaslUsersFile.Read(UsersFile));
    }

    /// <summary>What a client answers, worked out without the broker's code.</summary>
    private static (string Final, string Signature) ClientFinal(string mechanism, SaslExchange exchange, string header, string bare, string password)
    {
        var hash = mechanism == "SCRAM-SHA-256" ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512;
        var first = Encoding.UTF8.GetString(exchange.Take(Encoding.UTF8.GetBytes(header + bare)).Reply);
        var fields = first.Split(',').ToDictionary(f => f[0], f => f[2..]);
        var size = hash == HashAlgorithmName.SHA256 ? 32 : 64;
        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), Convert.FromBase64String(fields['s']), int.Parse(fields['i']), hash, size);
        var clientKey = CryptographicOperations.HmacData(hash, salted, "Client Key"u8);
        var without = $"c={Convert.ToBase64String(Encoding.UTF8.GetBytes(header))},r={fields['r']}";
        var messages = Encoding.UTF8.GetBytes($"{bare},{first},{without}");
        var signature = CryptographicOperations.HmacData(hash, CryptographicOperations.HashData(hash, clientKey), messages);
        var proof = clientKey.Zip(signature, (a, b) => (byte)(a ^ b)).ToArray();
        var server = CryptographicOperations.HmacData(hash, CryptographicOperations.HmacData(hash, salted, "Server Key"u8), messages);
        return ($"{without},p={Convert.ToBase64String(proof)}", Convert.ToBase64String(server));
    }
}
