using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using Naf.Sim;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>Of Naf.Kernels, the simulator uses rewards, observations and random numbers alone: not the learner.</summary>
public sealed partial class SimulatorUsesTests
{
    private static readonly string[] AllowedFolders = ["Observation", "Reward", "Random"];

    [Test]
    public void The_simulator_uses_rewards_and_observations_only()
    {
        Dictionary<string, string> folderOf = FoldersOfTypes(Path.Combine(Repository.Root, "Naf.Kernels"));
        string[] used = [.. UsedTypes(typeof(ControlTask).Assembly.Location, "Naf.Kernels")];
        Assert.That(used, Is.Not.Empty);
        foreach (string type in used)
        {
            Assert.That(folderOf, Contains.Key(type), "where it is declared");
            Assert.That(AllowedFolders, Contains.Item(folderOf[type]), $"the simulator uses {type}");
        }
    }

    // names of the types of another assembly that an assembly's metadata refers to
    private static IEnumerable<string> UsedTypes(string path, string assembly)
    {
        using var file = new PEReader(File.OpenRead(path));
        MetadataReader metadata = file.GetMetadataReader();
        foreach (TypeReferenceHandle handle in metadata.TypeReferences)
        {
            TypeReference type = metadata.GetTypeReference(handle);
            if (type.ResolutionScope.Kind != HandleKind.AssemblyReference) continue;
            AssemblyReference scope = metadata.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope);
            if (metadata.GetString(scope.Name) == assembly) yield return metadata.GetString(type.Name).Split('`')[0];
        }
    }

    private static Dictionary<string, string> FoldersOfTypes(string project)
    {
        var folders = new Dictionary<string, string>();
        foreach (string folder in Directory.GetDirectories(project))
            foreach (string source in Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories))
                foreach (Match match in Declaration().Matches(File.ReadAllText(source)))
                    folders[match.Groups[1].Value] = Path.GetFileName(folder);
        return folders;
    }

    [GeneratedRegex(
        @"^\s*(?:public|internal)[\w ]* (?:class|struct|record|enum|interface|delegate [\w<>]+) (?:struct |class )?(\w+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
