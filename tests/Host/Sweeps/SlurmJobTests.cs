using Naf.Host.Sweeps;

namespace Naf.Tests;

internal sealed class SlurmJobTests
{
    [Test]
    public void The_script_becomes_naf_with_a_candidate()
    {
        var job = new SlurmJob("/my/grid.yaml", "/runs/50% off", ["/usr/bin/dotnet", "/naf's/naf.dll"], "cuda:0", 4,
            "--partition=gpu\n--gpus=1");
        Assert.That(job.Script, Is.EqualTo("/runs/50% off/job.sh"));
        Assert.That(job.TextOf(Candidates(4, 2, 1, 3, 7)), Is.EqualTo("""
            #!/bin/sh
            # written by naf sweep --slurm: each element of the array trains a candidate, or resumes it
            #SBATCH --job-name="50% off"
            #SBATCH --array=1-4,7
            #SBATCH --output="/runs/50%% off/slurm-%a.txt"
            #SBATCH --open-mode=append
            #SBATCH --requeue
            #SBATCH --signal=B:TERM@60
            #SBATCH --cpus-per-task=4
            #SBATCH --partition=gpu --gpus=1
            exec /usr/bin/dotnet '/naf'\''s/naf.dll' sweep /my/grid.yaml --out '/runs/50% off' --device cuda:0 \
                --candidate "$SLURM_ARRAY_TASK_ID" --threads "${SLURM_CPUS_PER_TASK:-1}"

            """.ReplaceLineEndings("\n")));
        Assert.That((job with { Threads = 0, Options = "" }).TextOf(Candidates(1)).Split('\n').Count(
            line => line.StartsWith("#SBATCH", StringComparison.Ordinal)), Is.EqualTo(6));
    }

    [TestCase(ExpectedResult = "")]
    [TestCase(5, ExpectedResult = "5")]
    [TestCase(1, 2, 9, 11, 12, 13, ExpectedResult = "1-2,9,11-13")]
    public string Numbers_are_ranges(params int[] numbers) => SlurmJob.Numbers(Candidates(numbers));

    private static Candidate[] Candidates(params int[] numbers) =>
        [.. numbers.Select(number => new Candidate(number, [], TinyRun.Resolve(4)))];
}
