using System.Text.RegularExpressions;

namespace Naf.Tests;

/// <summary>The packages, used by a program without access to the rest of the repository.</summary>
internal sealed partial class PackageTests
{
    private static readonly string[] Packed = ["Naf.Gpu", "Naf.Kernels", "Naf.Sim", "Naf.Host", "Naf.Cli"];

    // a version that is in no package cache of this machine
    private static readonly string Version = $"0.0.0-test.{DateTime.UtcNow.Ticks}";
    private TemporaryFolder _folder = null!;

    [OneTimeSetUp]
    public void Pack()
    {
        _folder = new TemporaryFolder();
        foreach (string project in Packed)
            Dotnet(Repository.Root, "pack", project, "-c", "Release", "--no-build", "--nologo", "-v", "quiet",
                "-o", _folder["packages"], $"-p:PackageVersion={Version}");
    }

    [OneTimeTearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void Each_package_has_documentation_and_symbols()
    {
        foreach (string project in Packed)
        {
            string[] files = [.. Directory.GetFiles(_folder["packages"], $"{project}.*")
                .Select(f => Path.GetExtension(f))];
            Assert.That(files, Is.EquivalentTo(new[] { ".nupkg", ".snupkg" }), project);
            using var package = System.IO.Compression.ZipFile.OpenRead(
                Directory.GetFiles(_folder["packages"], $"{project}.*.nupkg")[0]);
            using var readme = new StreamReader(package.GetEntry("library.md")!.Open());
            Assert.That(readme.ReadToEnd(), Does.Not.Match(@"\]\((?!https:)"), "relative links would lead nowhere");
            IEnumerable<string> names = package.Entries.Select(e => e.FullName);
            Assert.That(names, Has.Some.EndsWith($"{(project == "Naf.Cli" ? "Naf.Host" : project)}.xml"));
        }
    }

    [Test]
    public void The_program_of_the_documentation_trains_and_acts()
    {
        string document = File.ReadAllText(Path.Combine(Repository.Root, "docs/library.md"));
        string output = RunFresh(_folder["documented"], FirstProgram().Match(document).Groups[1].Value);
        Assert.That(output,
            Does.Contain("episode 20: test score").And.Match(@"best test score -?\d+\.\d+; u = -?[01]\.\d+"));
        Assert.That(File.Exists(_folder["documented/runs/cartpole-naf-1/metrics.csv"]), output);
    }

    [Test]
    public void The_example_trains_on_its_own_environment()
    {
        string example = Path.Combine(Repository.Root, "docs/examples/beam-steering");
        Directory.CreateDirectory(_folder["beam"]);
        File.Copy(Path.Combine(example, "BeamSteering.cs"), _folder["beam/BeamSteering.cs"]);
        string output = RunFresh(_folder["beam"], File.ReadAllText(Path.Combine(example, "Program.cs")), "10");
        Assert.That(output, Does.Contain("episode 10: test score").And.Contain("step 0: rms"));
    }

    private static string Dotnet(string folder, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder,
        })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, $"dotnet {string.Join(' ', arguments)}: {output}{error.Result}");
        return output;
    }

    // their dependencies come from the packages of this build
    private string RunFresh(string folder, string program, params string[] arguments)
    {
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), program);
        File.WriteAllText(Path.Combine(folder, "Fresh.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <RestoreSources>{_folder["packages"]}</RestoreSources>
                <RestorePackagesPath>{_folder["restored"]}</RestorePackagesPath>
                <RestoreAdditionalProjectFallbackFolders>{cache}</RestoreAdditionalProjectFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Naf.Host" Version="{Version}" />
              </ItemGroup>
            </Project>
            """);
        return Dotnet(folder, ["run", "-c", "Release", "--", .. arguments]);
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex FirstProgram();
}
