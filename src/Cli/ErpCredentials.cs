using System.Security.Cryptography;
using System.Text;

namespace Streams.Cli;

/// <summary>The key pair with which the integration signs its assertions.</summary>
sealed record ErpCredentials(string PrivateKeyPem, string PublicKeyPem)
{
    /// <summary>The certificate mapping's id in a simulated account.</summary>
    public const string CertificateId = "streams-certificate";

    public static ErpCredentials Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new(key.ExportPkcs8PrivateKeyPem(), key.ExportSubjectPublicKeyInfoPem());
    }

    /// <summary>The key of a file; a new one, readable by its owner alone, when there is no such file.</summary>
    public static ErpCredentials LoadOrCreate(string file)
    {
        if (!File.Exists(file))
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var stream = new FileStream(file, options);
            stream.Write(Encoding.ASCII.GetBytes(Create().PrivateKeyPem));
        }
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(file));
        return new(key.ExportPkcs8PrivateKeyPem(), key.ExportSubjectPublicKeyInfoPem());
    }
}
