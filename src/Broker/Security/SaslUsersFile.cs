using System.Globalization;
using Streams.Broker.Security;

namespace Streams.Broker;

/// <summary>
/// The file of users: a line for each credential, "NAME MECHANISM iterations=…,salt=…,stored_key=…,server_key=…", with the bytes in base 64. Empty lines
/// and those that begin with # are passed over. No password can be read from it.
/// </summary>
public static class SaslUsersFile
{
    private const int DefaultIterations = 8192;

    /// <summary>Gives a user a password; one that it had for the mechanism is replaced. The file is made, readable by its owner alone, when missing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">The user, without spaces.</param>
    /// <param name="mechanism">SCRAM-SHA-256 or SCRAM-SHA-512. PLAIN is checked against either.</param>
    /// <param name="password">Not empty.</param>
    /// <exception cref="ArgumentException">The name, the mechanism or the password is not one that can be kept.</exception>
    /// <exception cref="InvalidDataException">The file is there and no file of users.</exception>
    public static void Set(string path, string name, string mechanism, string password)
    {
        if (!IsName(name)) throw new ArgumentException("a user's name has at least one character and no spaces, and does not begin with #", nameof(name));
        if (password.Length == 0) throw new ArgumentException("the password is empty", nameof(password));
        var scram = ScramMechanism.Find(mechanism) ?? throw new ArgumentException($"{mechanism} is not SCRAM-SHA-256 or SCRAM-SHA-512", nameof(mechanism));
        var users = File.Exists(path) ? Read(path) : [];
        users[(name, scram.Name)] = ScramCredential.Create(scram, password, DefaultIterations);
        var text = string.Concat(users.OrderBy(u => u.Key.Name, StringComparer.Ordinal).Select(u => Line(u.Key.Name, u.Value)));
        var fresh = path + ".new";
        using (var file = new StreamWriter(fresh, PrivateFile())) file.Write(text);
        File.Move(fresh, path, overwrite: true);
    }

    /// <exception cref="InvalidDataException">A line is wrong.</exception>
    internal static Dictionary<(string Name, string Mechanism), ScramCredential> Read(string path)
    {
        var users = new Dictionary<(string, string), ScramCredential>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (line.Trim().Length == 0 || line.StartsWith('#')) continue;
            var (name, credential) = Parse(line) ?? throw new InvalidDataException(
                $"{path}, line {number}: not \"NAME MECHANISM iterations=N,salt=…,stored_key=…,server_key=…\"; streams broker add-user writes such lines");
            users[(name, credential.Mechanism.Name)] = credential;
        }
        return users;
    }

    private static FileStreamOptions PrivateFile()
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    private static string Line(string name, ScramCredential credential) => FormattableString.Invariant(
        $"{name} {credential.Mechanism.Name} iterations={credential.Iterations},salt={Text(credential.Salt)},stored_key={Text(credential.StoredKey)},server_key={Text(credential.ServerKey)}\n");

    private static (string, ScramCredential)? Parse(string line)
    {
        var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (parts.Length != 3 || ScramMechanism.Find(parts[1]) is not { } mechanism) return null;
        var fields = parts[2].Split(',').Select(f => f.Split('=', 2)).Where(f => f.Length == 2).ToLookup(f => f[0], f => f[1]);
        if (!int.TryParse(fields["iterations"].FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)) return null;
        if (iterations is < ScramCredential.MinIterations or > ScramCredential.MaxIterations) return null;
        if (Bytes(fields["salt"].FirstOrDefault()) is not { Length: > 0 } salt) return null;
        if (Bytes(fields["stored_key"].FirstOrDefault()) is not { } stored || stored.Length != mechanism.Size) return null;
        if (Bytes(fields["server_key"].FirstOrDefault()) is not { } server || server.Length != mechanism.Size) return null;
        return (parts[0], new ScramCredential(mechanism, iterations, salt, stored, server));
    }

    private static bool IsName(string name) => name.Length > 0 && name[0] != '#' && !name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c));

    private static string Text(byte[] bytes) => Convert.ToBase64String(bytes);

    private static byte[]? Bytes(string? text)
    {
        var bytes = new byte[text?.Length ?? 0];
        return text is not null && Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }
}
